/** The ports and folders of this machine that the parts of docker-compose.yml use when there is no Docker. */
import { randomInt } from "node:crypto";
import path from "node:path";
import { isFree } from "../../src/machine/free-port.ts";
import type { Service } from "./compose.ts";

const PORTS = [
  "postgres",
  "temporal",
  "temporalMembership",
  "temporalHttp",
  "history",
  "historyMembership",
  "matching",
  "matchingMembership",
  "temporalWorker",
  "temporalWorkerMembership",
  "mcp",
  "ktrdr",
  "ktrdrTraining",
  "ktrdrBacktesting",
] as const;

export interface Places {
  readonly dir: string;
  /** The image's /app. */
  readonly app: string;
  /** The /app of the sandbox's image. */
  readonly sandbox: string;
  readonly ports: Readonly<Record<(typeof PORTS)[number], number>>;
  /** The folder of the sandbox KTRDR, /ktrdr in the containers. */
  readonly ktrdr: string;
  readonly secrets: string;
  readonly logs: string;
  /** The programs of the containers, each by the name it has there. */
  readonly programs: string;
}

export async function choosePlaces(dir: string): Promise<Places> {
  const taken = new Set<number>();
  const ports: Partial<Record<(typeof PORTS)[number], number>> = {};
  for (const name of PORTS) {
    const port = await lowPort(taken);
    taken.add(port);
    ports[name] = port;
  }
  return {
    dir,
    app: path.join(dir, "app"),
    sandbox: path.join(dir, "sandbox-app"),
    ports: ports as Places["ports"],
    ktrdr: path.join(dir, "ktrdr"),
    secrets: path.join(dir, "secrets"),
    logs: path.join(dir, "logs"),
    programs: path.join(dir, "programs"),
  };
}

/** Temporal keeps the ports of its parts as `smallint`. Ports that a system hands out by itself are too high. */
async function lowPort(taken: ReadonlySet<number>): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
}

/** Text of the compose file with the addresses and paths of the containers replaced by those of this machine. */
export function onThisMachine(text: string, places: Places, root: string): string {
  const { ports } = places;
  return (
    text
      .replaceAll("@postgres:5432", `@127.0.0.1:${ports.postgres}`)
      .replaceAll("temporal:7233", `127.0.0.1:${ports.temporal}`)
      .replaceAll("ktrdr-api:8000", `127.0.0.1:${ports.ktrdr}`)
      .replaceAll("/run/secrets/", `${places.secrets}/`)
      .replaceAll("/run/tokens/", `${places.secrets}/tokens/`)
      .replaceAll("/temporal-config/", `${root}/temporal-config/`)
      .replaceAll("/app/", `${places.app}/`)
      .replaceAll(/^\/ktrdr/g, places.ktrdr)
      .replaceAll(/^postgres$/g, "127.0.0.1")
      .replaceAll(/^5432$/g, String(ports.postgres))
      .replaceAll(/^3100$/g, String(ports.mcp))
      // There each worker has a container of its own. Here it takes any free port, which its log names.
      .replaceAll(/^3101$/g, "0")
  );
}

/** The environment of a service on this machine. Nothing else of our own environment gets in. */
export function environmentOf(service: Service, places: Places, root: string): Record<string, string> {
  const given = Object.entries(service.environment).map(([name, value]) => [name, onThisMachine(value, places, root)]);
  return {
    PATH: `${places.programs}:/usr/bin:/bin`,
    HOME: places.dir,
    ...(Object.fromEntries(given) as Record<string, string>),
  };
}
