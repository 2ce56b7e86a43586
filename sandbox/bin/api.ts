import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { KnownIndicators } from "../api/known-indicators.ts";
import { apiApp } from "../api/app.ts";
import { OperationsView } from "../api/operations-view.ts";
import { OrphanDetector } from "../api/orphan-detector.ts";
import { createWorkerClient } from "../api/worker-client.ts";
import { WorkerRegistry } from "../api/worker-registry.ts";
import { seedDataFolder } from "../engine/market-data.ts";
import { exitWithParent } from "../exit-with-parent.ts";
import { FaultStore } from "../faults.ts";
import { listen } from "../listen.ts";
import { ComputationLog } from "../state/computation-log.ts";
import { Database } from "../state/database.ts";
import { openStateFolder } from "../state/folder.ts";
import { scaledTimers } from "../timers.ts";

const { env } = process;
const { values } = parseArgs({
  options: {
    host: { type: "string", default: env["SANDBOX_HOST"] ?? "127.0.0.1" },
    port: { type: "string", default: env["SANDBOX_PORT"] ?? "8000" },
    state: { type: "string", default: env["SANDBOX_STATE_DIR"] ?? ".sandbox" },
    "time-scale": { type: "string", default: env["SANDBOX_TIME_SCALE"] ?? "1" },
    "exit-with-parent": { type: "boolean", default: false },
  },
});
if (values["exit-with-parent"]) exitWithParent();

const folder = openStateFolder(values.state);
await seedDataFolder(folder.data);
const timers = scaledTimers(Number(values["time-scale"]));
const faults = new FaultStore(folder, "api");
const database = new Database(folder, faults);
const registry = new WorkerRegistry(timers);
const workers = createWorkerClient(timers.proxyTimeoutMs);
const view = new OperationsView(database, faults, timers, workers);
const orphans = new OrphanDetector(view, registry, timers);
const log = new ComputationLog(folder, "api");
const app = apiApp({
  folder,
  database,
  faults,
  log,
  timers,
  registry,
  view,
  orphans,
  workers,
  indicators: new KnownIndicators(),
  localRuns: new Map(),
});

const { port } = await listen(app, Number(values.port), values.host);
console.log(JSON.stringify({ ready: true, port, pid: process.pid }));
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0));

async function repeat(everyMs: number, work: () => Promise<void> | void): Promise<never> {
  for (;;) {
    await wait(everyMs);
    try {
      await work();
    } catch (error) {
      // The database may be away; the next round tries again.
      console.error(error);
    }
  }
}

const { signal } = new AbortController();
await Promise.all([
  repeat(timers.healthSweepMs, () => registry.sweep(signal)),
  repeat(timers.orphanCheckMs, () => orphans.check()),
]);
