/** `ktrdr-mcp doctor`: says what is down and which command mends it. Ends with 0 when all is well, else with 1. */
import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { Connection } from "@temporalio/client";
import { loadConfig, type Config } from "../config.ts";
import { isDomainError } from "../domain/errors.ts";
import { createKtrdr } from "../ktrdr/ktrdr.ts";
import { errorText } from "../lab/error-text.ts";
import { labDirOf, labEnvironment } from "../lab/lab-environment.ts";
import { readLabFile } from "../lab/lab-file.ts";
import { greet } from "../lab/temporal-connection.ts";
import { missingPollers } from "../lab/worker-part.ts";
import { assertSchemaCurrent } from "../store/migrate.ts";
import { createPool } from "../store/pool.ts";
import { missingSearchAttributes } from "../temporal/search-attributes.ts";
import { isNamespaceMissing, temporalSettings } from "../temporal/connection.ts";

type Environment = Readonly<Record<string, string | undefined>>;

interface Finding {
  readonly part: string;
  readonly ok: boolean;
  readonly detail: string;
  /** Command or change that mends it; null when there is nothing to mend. */
  readonly fix: string | null;
}

/** Nobody waits longer for a part that does not answer (ms). */
const PATIENCE_MS = 4_000;
/** Temporal remembers a poller for minutes; one that is alive was seen within a long poll. */
const POLLER_SEEN_WITHIN_MS = 70_000;

const fine = (part: string, detail: string): Finding => ({ part, ok: true, detail, fix: null });

/** A finding whose remedy is known better than the check's general one. */
class Ailment extends Error {
  readonly fix: string;

  constructor(what: string, fix: string) {
    super(what);
    this.fix = fix;
  }
}

/** Runs one check; its error becomes the finding. Without a general remedy the error's own advice is given. */
async function check(part: string, fix: string | null, run: () => Promise<string>): Promise<Finding> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS / 1_000} s`)), PATIENCE_MS);
  });
  try {
    return fine(part, await Promise.race([run(), patience]));
  } catch (error) {
    const remedy = error instanceof Ailment ? error.fix : (fix ?? (isDomainError(error) ? error.next : null));
    return { part, ok: false, detail: errorText(error), fix: remedy ?? null };
  } finally {
    clearTimeout(timer);
  }
}

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const detail = `${process.version} (${process.execPath})`;
  if (major > 24 || (major === 24 && minor >= 12)) return fine("Node", detail);
  return { part: "Node", ok: false, detail: `${detail} is too old`, fix: "make deps, then bin/ktrdr-mcp doctor" };
}

async function checkLab(env: Environment): Promise<Finding> {
  const dir = labDirOf(env);
  const lab = await readLabFile(dir);
  return fine("Lab", lab === undefined ? `none runs in ${dir}` : `process ${lab.pid} in ${dir}`);
}

function checkDatabase(config: Config): Promise<Finding> {
  const { host, pathname } = new URL(config.DATABASE_URL);
  return check("PostgreSQL", null, async () => {
    const pool = createPool(config.DATABASE_URL, { max: 1, applicationName: "ktrdr-mcp doctor" });
    try {
      await assertSchemaCurrent(pool);
      return `${host}${pathname}, tables up to date`;
    } finally {
      await pool.end();
    }
  });
}

async function checkTemporal(config: Config, env: Environment): Promise<readonly Finding[]> {
  const settings = temporalSettings(env, { address: config.TEMPORAL_ADDRESS, namespace: config.TEMPORAL_NAMESPACE });
  const connection = Connection.lazy(settings.connection);
  const { namespace } = settings;
  const address = settings.connection.address ?? config.TEMPORAL_ADDRESS;
  try {
    const server = await check("Temporal", "make lab, or start Temporal and set TEMPORAL_ADDRESS", async () => {
      await greet(address);
      const missing = await missingSearchAttributes(connection, namespace).catch((error: unknown) => {
        if (!isNamespaceMissing(error)) throw error;
        const create = `temporal operator namespace create --namespace ${namespace}`;
        throw new Ailment(`${address} has no namespace ${namespace}`, `${create} (a lab does so by itself)`);
      });
      if (missing.length === 0) return `${address}, namespace ${namespace}, search attributes present`;
      const lack = `the namespace ${namespace} at ${address} lacks search attributes: ${missing.join(", ")}`;
      throw new Ailment(lack, "bin/ktrdr-mcp worker (it adds them)");
    });
    if (!server.ok) return [server];
    const worker = await check("Worker", "make lab, or bin/ktrdr-mcp worker", async () => {
      const missing = await missingPollers(connection, namespace, { since: Date.now() - POLLER_SEEN_WITHIN_MS });
      if (missing.length === 0) return "polls all task queues";
      throw new Error(`nobody polls ${missing.join(", ")}: jobs wait, status and results still work`);
    });
    return [server, worker];
  } finally {
    await connection.close();
  }
}

async function checkKtrdr(config: Config): Promise<readonly Finding[]> {
  const ktrdr = createKtrdr({ baseUrl: config.KTRDR_API_URL, requestTimeoutMs: PATIENCE_MS });
  const startIt = "make lab, or start KTRDR and set KTRDR_API_URL";
  try {
    const api = check("KTRDR", startIt, async () => {
      const { version } = await ktrdr.health(AbortSignal.timeout(PATIENCE_MS));
      return `${config.KTRDR_API_URL}, version ${version}`;
    });
    const workers = check("KTRDR workers", startIt, async () => {
      const list = await ktrdr.workers.list(AbortSignal.timeout(PATIENCE_MS));
      const usable = (type: string) =>
        list.filter(({ workerType, status }) => workerType === type && status !== "temporarily_unavailable").length;
      const [training, backtesting] = [usable("training"), usable("backtesting")];
      if (training > 0 && backtesting > 0) return `${training} training, ${backtesting} backtesting`;
      const few = `KTRDR has ${training} training and ${backtesting} backtesting workers: jobs that need a missing one wait`;
      throw new Ailment(few, "start KTRDR's workers; they register by themselves within half a minute");
    });
    return await Promise.all([api, workers]);
  } finally {
    ktrdr.close();
  }
}

function checkStrategies(config: Config): Promise<Finding> {
  const fix = "Set KTRDR_STRATEGIES_DIR to KTRDR's strategies folder, writable here";
  return check("Strategies folder", fix, async () => {
    const dir = config.KTRDR_STRATEGIES_DIR;
    if (dir === undefined) throw new Error("KTRDR_STRATEGIES_DIR is not set: create_strategy cannot write");
    const probe = path.join(dir, `.doctor-${randomUUID()}`);
    await writeFile(probe, "");
    await rm(probe);
    return `${dir} is writable`;
  });
}

async function examine(): Promise<readonly Finding[]> {
  const env = await labEnvironment(process.env);
  const ground = [checkNode(), await checkLab(process.env)];
  let config: Config;
  try {
    config = loadConfig(env);
  } catch (error) {
    return [...ground, await check("Configuration", null, () => Promise.reject(error))];
  }
  const parts = await Promise.all([
    checkDatabase(config),
    checkTemporal(config, env),
    checkKtrdr(config),
    checkStrategies(config),
  ]);
  return [...ground, ...parts.flat()];
}

const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });
const findings = await examine();
if (values.json) {
  console.log(JSON.stringify(findings, null, 2));
} else {
  for (const { part, ok, detail, fix } of findings) {
    console.log(`${ok ? "✔" : "✘"} ${part}: ${detail.replaceAll("\n", "\n    ")}`);
    if (fix !== null) console.log(`    → ${fix}`);
  }
}
process.exitCode = findings.every(({ ok }) => ok) ? 0 : 1;
