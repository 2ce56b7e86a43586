import { hostname } from "node:os";
import { parseArgs } from "node:util";
import { exitWithParent } from "../exit-with-parent.ts";
import { FaultStore } from "../faults.ts";
import { listen } from "../listen.ts";
import { ComputationLog } from "../state/computation-log.ts";
import { Database } from "../state/database.ts";
import { openStateFolder } from "../state/folder.ts";
import { scaledTimers } from "../timers.ts";
import { workerApp } from "../worker/app.ts";
import { OperationsMemory } from "../worker/operations-memory.ts";
import { keepRegistered } from "../worker/registration.ts";
import { shutDown } from "../worker/shutdown.ts";

const { env } = process;
const { values } = parseArgs({
  options: {
    type: { type: "string", default: "training" },
    id: { type: "string" },
    host: { type: "string", default: env["SANDBOX_HOST"] ?? "127.0.0.1" },
    port: { type: "string", default: "0" },
    "api-url": { type: "string", default: env["SANDBOX_API_URL"] ?? "http://127.0.0.1:8000" },
    state: { type: "string", default: env["SANDBOX_STATE_DIR"] ?? ".sandbox" },
    "time-scale": { type: "string", default: env["SANDBOX_TIME_SCALE"] ?? "1" },
    "exit-with-parent": { type: "boolean", default: false },
  },
});

const kind = values.type;
if (kind !== "training" && kind !== "backtesting") throw new Error(`--type training|backtesting, not ${kind}`);
if (values["exit-with-parent"]) exitWithParent();

const workerId = values.id ?? `${kind}-worker-${process.pid}`;
const folder = openStateFolder(values.state);
const faults = new FaultStore(folder, "worker");
const database = new Database(folder, faults);
const memory = new OperationsMemory(database);
const timers = scaledTimers(Number(values["time-scale"]));
const settings = {
  workerId,
  kind,
  seed: env["SANDBOX_SEED"] === undefined ? undefined : Number(env["SANDBOX_SEED"]),
  epochDelayMs: Number(env["SANDBOX_EPOCH_DELAY_MS"] ?? 0),
  barDelayMs: Number(env["SANDBOX_BAR_DELAY_MS"] ?? 0),
} as const;

let healthAskedAt = 0;
const log = new ComputationLog(folder, workerId);
const context = { settings, folder, database, faults, log, memory };
const app = workerApp(context, () => {
  healthAskedAt = Date.now();
});
const { port } = await listen(app, Number(values.port), values.host);
console.log(JSON.stringify({ ready: true, port, pid: process.pid, worker_id: workerId }));

const card = {
  apiUrl: values["api-url"],
  workerId,
  workerType: kind,
  // Other machines know a worker by its host's name, as in KTRDR's own containers.
  endpointUrl: `http://${values.host === "0.0.0.0" ? hostname() : values.host}:${port}`,
  currentOperation: () => memory.current(),
  isHanging: () => faults.list().some((one) => one.fault === "worker_hangs" && (one.kind ?? kind) === kind),
};
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => void shutDown(context, values["api-url"]).finally(() => process.exit(0)));
}
await keepRegistered(card, timers, () => healthAskedAt, new AbortController().signal);
