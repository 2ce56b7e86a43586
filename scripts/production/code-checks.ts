/** Compares the names in the compose file with the code that must understand them. */
import { access } from "node:fs/promises";
import path from "node:path";
import { ConfigSchema } from "../../src/config.ts";
import type { ProductionFiles } from "./files.ts";
import type { Compose, Service } from "./compose.ts";
import { TEMPORAL_VERSION } from "./versions.ts";

/** Variables that Node and the C library read. */
const OF_THE_SYSTEM = new Set(["NODE_OPTIONS", "MALLOC_ARENA_MAX", "MALLOC_TRIM_THRESHOLD_"]);

export async function codeFindings(compose: Compose, files: ProductionFiles): Promise<readonly string[]> {
  const found = Object.entries(compose.services).flatMap(([name, service]) =>
    [
      ...variables(name, service, files),
      ...commands(service, files),
      ...hosts(service, compose),
      ...versions(service),
    ].map((what) => `${name}: ${what}`),
  );
  return [...found, ...ports(compose), ...(await mounts(compose, files))];
}

const mentions = (script: string, variable: string): boolean => new RegExp(`\\b${variable}\\b`).test(script);
const isOurs = ({ image }: Service): boolean => image.startsWith("ktrdr-mcp:");
const isSandbox = ({ image }: Service): boolean => image.startsWith("ktrdr-mcp-sandbox:");

function variables(name: string, service: Service, files: ProductionFiles): readonly string[] {
  const understood = (variable: string): boolean => {
    if (OF_THE_SYSTEM.has(variable)) return true;
    if (isOurs(service)) return variable in ConfigSchema.shape;
    if (isSandbox(service)) return files.sandbox.includes(`"${variable}"`);
    if (name === "temporal-schema") return mentions(files.setupSchema, variable);
    if (name === "temporal-namespace") return mentions(files.setupNamespace, variable);
    return true; // of programs that are not ours: `make verify-production` starts those it can
  };
  return Object.keys(service.environment)
    .filter((variable) => !understood(variable))
    .map((variable) => `nobody reads ${variable}`);
}

function commands(service: Service, { launcher, commands: sources }: ProductionFiles): readonly string[] {
  if (!isOurs(service)) return [];
  const check = service.healthcheck?.test?.slice(1) ?? [];
  const lines = [
    [...(service.entrypoint?.slice(1) ?? []), ...service.command],
    ...(check.length > 0 ? [check.slice(1)] : []),
  ];
  const offered = /^commands="(.*)"$/m.exec(launcher)?.[1]?.split(" ") ?? [];
  return lines.flatMap(([command = "", ...words]) => {
    if (!offered.includes(command) || !(command in sources)) return [`the image has no command ${command}`];
    const source = Object.entries(sources)
      .filter(([name]) => name === command || name.startsWith(`${command}-`))
      .map(([, text]) => text)
      .join("\n");
    return words
      .filter((word) => /^(--)?[a-z-]+$/.test(word))
      .filter((word) => !new RegExp(`\\b${word.replace(/^--/, "")}\\b`).test(source))
      .map((word) => `${command} does not know ${word}`);
  });
}

/** A host name in an address must be a service, on a network of the service that calls it. */
function hosts(service: Service, { services }: Compose): readonly string[] {
  const named = Object.entries(service.environment).flatMap(([variable, value]) => {
    if (/^(SQL_HOST|POSTGRES_SEEDS)$/.test(variable)) return [value];
    if (variable === "TEMPORAL_UI_URL") return []; // for people's browsers
    const match = /^(?:[a-z]+:\/\/)?([a-z-]+):\d+$/.exec(value);
    return match?.[1] === undefined ? [] : [match[1]];
  });
  return named.flatMap((host) => {
    const other = services[host];
    if (other === undefined) return [`${host} is no service`];
    return other.networks.some((network) => service.networks.includes(network))
      ? []
      : [`${host} is on none of its networks`];
  });
}

const versions = ({ image }: Service): readonly string[] =>
  /^temporalio\/(server|admin-tools):/.test(image) && !image.endsWith(`:${TEMPORAL_VERSION}`)
    ? [`make verify-production proves Temporal ${TEMPORAL_VERSION}, not ${image}`]
    : [];

/** The ports of the compose file must be those that the code assumes when nothing is set. */
function ports({ services }: Compose): readonly string[] {
  const inside = (name: string) => services[name]?.ports.map((port) => port.split(":").at(-1)) ?? [];
  const command = (name: string) => services[name]?.command ?? [];
  const after = (name: string, flag: string) => command(name)[command(name).indexOf(flag) + 1];
  const defaults = ConfigSchema.parse({});
  const mcp = String((defaults as Record<string, unknown>)["MCP_HTTP_PORT"]);
  const expected: readonly (readonly [string, string | undefined, string | undefined])[] = [
    ["the port mcp listens on", after("mcp", "--port"), mcp],
    ["the port of mcp that is published", inside("mcp")[0], mcp],
    ["the port of Temporal that is published", inside("temporal")[0], defaults.TEMPORAL_ADDRESS.split(":")[1]],
    ["the port of the sandbox", after("ktrdr-api", "--port"), new URL(defaults.KTRDR_API_URL).port],
  ];
  return expected
    .filter(([, is, should]) => is !== should)
    .map(([what, is, should]) => `${what} is ${is}, in the code ${should}`);
}

/** A mounted folder of this repository must exist, or scripts/make-secrets.sh must make it. */
async function mounts({ services, secrets }: Compose, files: ProductionFiles): Promise<readonly string[]> {
  const sources = [
    ...Object.values(services).flatMap(({ volumes }) => volumes.map((volume) => volume.split(":")[0] ?? "")),
    ...Object.values(secrets).map(({ file }) => file),
  ].filter((source) => source.startsWith("./"));
  const found = await Promise.all(
    [...new Set(sources)].map(async (source) => {
      if (new RegExp(`${source.slice("./".length)}(?![\\w])`).test(files.makeSecrets)) return [];
      return access(path.join(files.root, source)).then(
        () => [],
        () => [`${source} is mounted, and nobody makes it`],
      );
    }),
  );
  return found.flat();
}
