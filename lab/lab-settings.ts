import path from "node:path";
import { ConfigSchema, type Config } from "../src/config.ts";
import { labDirOf, WITHOUT_PROFILE } from "../src/running-lab/lab-environment.ts";
import { pageAddress } from "./page-part.ts";
import { postgresUrl } from "./postgres-access.ts";
import { PREFERRED_PORTS, type PortName, type Ports } from "./ports.ts";
import type { SupervisorEvent } from "./supervisor.ts";

export interface LabSettings {
  readonly config: Config;
  /** The environment the lab was started with. A part whose address it names is used instead of the lab's own. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder of the repository. */
  readonly root: string;
  /** The Node program that runs the parts, and the process id of the lab. */
  readonly execPath: string;
  readonly pid: number;
  /** Brings the schema of a database up to date (src/store/migrate.ts). */
  readonly migrate: (databaseUrl: string) => Promise<{ readonly applied: readonly string[] }>;
  readonly preferredPorts?: Ports;
  /** Serves the researcher's page as well, which takes another process. */
  readonly page?: boolean;
  /** Folder of fetched programs; by default `.cache` of the repository. */
  readonly cacheDir?: string;
  /** Switched off only in tests, where the data may be lost when the machine fails. */
  readonly fsync?: boolean;
  /** After how long a part that does not answer is killed and started again (ms). */
  readonly hangsAfterMs?: number;
  readonly onEvent?: (event: SupervisorEvent) => void;
  /** Gives the addresses that the worker and clients use instead of the parts' own, such as those of a proxy. */
  readonly route?: (direct: Addresses) => Promise<Addresses>;
  /** When it aborts, a start that is under way is stopped. */
  readonly signal?: AbortSignal;
}

/** Which parts the environment replaces by real ones. */
export interface Replaced {
  readonly database: boolean;
  readonly temporal: boolean;
  readonly ktrdr: boolean;
}

export function replacedParts(env: LabSettings["env"]): Replaced {
  const given = (name: keyof Config) => (env[name] ?? "") !== "";
  return {
    database: given("DATABASE_URL") || given("DATABASE_URL_FILE"),
    temporal: given("TEMPORAL_ADDRESS"),
    ktrdr: given("KTRDR_API_URL"),
  };
}

/** The ports that parts of this lab will listen on. */
export function neededPorts(replaced: Replaced, page: boolean): readonly PortName[] {
  return (Object.keys(PREFERRED_PORTS) as PortName[]).filter((name) => {
    if (name === "page") return page;
    if (name === "postgres") return !replaced.database;
    if (name === "temporal" || name === "temporalUi") return !replaced.temporal;
    return !replaced.ktrdr;
  });
}

export interface Addresses {
  readonly ktrdr: string;
  readonly database: string;
  readonly temporal: string;
  readonly temporalUi?: string;
  /** Of the researcher's page; absent where none is served. */
  readonly page?: string;
}

export const DATABASE_NAME = "ktrdr_mcp";

/**
 * The addresses of all parts, replaced ones included.
 * @param password password of the lab's own PostgreSQL
 */
export function addressesOf(
  { config, page = false }: Pick<LabSettings, "config" | "page">,
  ports: Ports,
  replaced: Replaced,
  password: string,
): Addresses {
  const ui = replaced.temporal ? config.TEMPORAL_UI_URL : `http://127.0.0.1:${ports.temporalUi}`;
  return {
    ktrdr: replaced.ktrdr ? config.KTRDR_API_URL : `http://127.0.0.1:${ports.ktrdr}`,
    database: replaced.database ? config.DATABASE_URL : postgresUrl(password, ports.postgres, DATABASE_NAME),
    temporal: replaced.temporal ? config.TEMPORAL_ADDRESS : `127.0.0.1:${ports.temporal}`,
    ...(ui === undefined ? {} : { temporalUi: ui }),
    ...(page ? { page: pageAddress(ports.page) } : {}),
  };
}

export interface Whereabouts {
  readonly addresses: Addresses;
  /** Temporal's namespace. */
  readonly namespace: string;
  readonly replaced: Replaced;
}

/** The environment that makes a process use this lab: the addresses, and every other setting that was given. */
export function environmentOf(
  settings: LabSettings,
  { addresses, namespace, replaced }: Whereabouts,
): Record<string, string> {
  const given = Object.fromEntries(
    Object.keys(ConfigSchema.shape).flatMap((name) => {
      const value = settings.env[name] ?? "";
      return value === "" ? [] : [[name, value]];
    }),
  );
  const dir = labDirOf(settings.env);
  return {
    ...given,
    LAB_DIR: dir,
    KTRDR_API_URL: addresses.ktrdr,
    ...(replaced.ktrdr ? {} : foldersOf(ktrdrDir(dir))),
    DATABASE_URL: addresses.database,
    TEMPORAL_ADDRESS: addresses.temporal,
    TEMPORAL_NAMESPACE: namespace,
    ...(replaced.temporal ? {} : WITHOUT_PROFILE),
    ...(addresses.temporalUi === undefined ? {} : { TEMPORAL_UI_URL: addresses.temporalUi }),
  };
}

/** Folder of the lab's PostgreSQL: its cluster, and its password. */
export const postgresDir = (labDir: string) => path.join(labDir, "postgres");

/** The sandbox KTRDR's shared folder. */
export const ktrdrDir = (labDir: string) => path.join(labDir, "ktrdr");

/** The sandbox keeps all of KTRDR's folders in one. */
const foldersOf = (root: string) => ({
  KTRDR_STRATEGIES_DIR: path.join(root, "strategies"),
  KTRDR_DATA_DIR: path.join(root, "data"),
  KTRDR_MODELS_DIR: path.join(root, "models"),
});
