/** Checks the Dockerfile: its copied layers, its stages, its user, its command, its port and its versions. */
import type { ProductionFiles } from "./files.ts";
import type { Compose } from "./compose.ts";
import { LAYERS } from "./image.ts";

export function dockerfileFindings(compose: Compose, { dockerfile, packageJson }: ProductionFiles): readonly string[] {
  const found: string[] = [];
  const demand = (held: boolean, what: string) => {
    if (!held) found.push(`Dockerfile: ${what}`);
  };
  const { version, devDependencies } = JSON.parse(packageJson) as {
    version: string;
    devDependencies: { node: string };
  };
  const stages = [...dockerfile.matchAll(/^FROM \S+ AS (\S+)$/gm)].map((match) => match[1] ?? "");
  const copied = [...dockerfile.matchAll(/^COPY --from=build \/app\/(\S+) /gm)].map((match) => match[1] ?? "");
  for (const layer of LAYERS) demand(copied.includes(layer), `${layer} is laid out and not copied`);
  for (const one of copied) demand([...LAYERS, "package.json"].includes(one), `${one} is copied and not laid out`);
  demand(
    dockerfile.includes(`node:${devDependencies.node}-slim`),
    `its Node is not the pinned ${devDependencies.node}`,
  );
  demand(/^USER ([1-9]\d*):([1-9]\d*)$/m.test(dockerfile), "its user is no number above 0");
  demand(stages.at(-1) === "runtime", "the last stage is not what runs");
  const labelled = [...dockerfile.matchAll(/image\.version="(.*?)"/g)].map((match) => match[1] ?? "");
  for (const label of labelled) demand(label === version, `it is labelled ${label}, package.json says ${version}`);
  for (const [name, service] of Object.entries(compose.services)) {
    if (!service.image.startsWith("ktrdr-mcp")) continue;
    demand(service.image.endsWith(`:${version}`), `${name} uses ${service.image}, package.json says ${version}`);
    const target = service.build?.target;
    demand(target === undefined || stages.includes(target), `${name} builds the stage ${target}, which is not there`);
  }
  const command = /^CMD (\[.*\])$/gm;
  const last = JSON.parse([...dockerfile.matchAll(command)].at(-1)?.[1] ?? "[]") as string[];
  const mcp = compose.services["mcp"];
  demand(last.join(" ") === mcp?.command.join(" "), "its command is not that of the service mcp");
  const exposed = [...dockerfile.matchAll(/^EXPOSE (\d+)$/gm)].map((match) => match[1] ?? "");
  demand(
    mcp?.ports.some((port) => port.endsWith(`:${exposed.at(-1)}`)) === true,
    "it exposes another port than is published",
  );
  return found;
}
