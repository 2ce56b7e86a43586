/**
 * How long a campaign takes beside the computing of KTRDR that it needs. KTRDR has one worker for trainings here and one for
 * backtests, so what the busier one computed is the least that a campaign can take. Each training takes `SECONDS` (5) for
 * its second and last epoch; `TRAININGS` (100) is the budget. KTRDR's registry calls a worker busy for up to 10 s after
 * each end, and nobody can start anything there meanwhile (docs/ktrdr.md 11.7). `CLOCKS` (1,50) says how many times faster
 * the sandbox's clocks run: at 1 they are those of the real one, at 50 what is left is ours.
 */
import path from "node:path";
import { Started } from "../demo/answers.ts";
import { ktrdrDir } from "../lab/lab-settings.ts";
import { readComputations } from "../sandbox/state/computation-log.ts";
import { addStrategy, DIMENSIONS, finished, PERIODS } from "./campaigns.ts";
import { residentMb } from "./processes.ts";
import { report, withLab, type Bench } from "./support.ts";
import { addMarket } from "./synthetic-market.ts";

const TRAININGS = Number(process.env["TRAININGS"] ?? 100);
const SECONDS = Number(process.env["SECONDS"] ?? 5);
const CLOCKS = (process.env["CLOCKS"] ?? "1,50").split(",").map(Number);
/** So few that there is one rung, and all trainings are alike. */
const EPOCHS = 2;

interface Computed {
  readonly count: number;
  readonly seconds: number;
}

/** What KTRDR's workers computed, by kind, from the sandbox's own log. */
function computedBy({ lab }: Bench): ReadonlyMap<string, Computed> {
  const lines = readComputations(path.join(ktrdrDir(lab.dir), "computations.jsonl"));
  const begun = new Map(lines.filter(({ event }) => event === "start").map((line) => [line.operationId, line]));
  const computed = new Map<string, Computed>();
  for (const { event, operationId, at } of lines) {
    const start = begun.get(operationId);
    if (event !== "end" || start === undefined) continue;
    const { count, seconds } = computed.get(start.kind) ?? { count: 0, seconds: 0 };
    const took = (Date.parse(at) - Date.parse(start.at)) / 1_000;
    computed.set(start.kind, { count: count + 1, seconds: seconds + took });
  }
  return computed;
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

async function measure(bench: Bench) {
  const { lab, claude } = bench;
  await addMarket(lab.dir, "SWING", "swings", 100);
  await addStrategy(lab.dir, "swing", "SWING", EPOCHS);
  const began = performance.now();
  const budget = { trainings: TRAININGS, finalists: 2, draws: 3, walk_windows: 0 };
  const asked = { strategy: "swing", ...PERIODS, dimensions: DIMENSIONS, ...budget };
  const { task_id: campaign } = await claude.call("start_campaign", asked, Started);
  await finished(claude, campaign);
  const wall = (performance.now() - began) / 1_000;
  const spent = computedBy(bench);
  const trainings = spent.get("training") ?? { count: 0, seconds: 0 };
  const others = spent.get("backtesting") ?? { count: 0, seconds: 0 };
  const worker = lab.parts().find(({ name }) => name === "worker")?.pid;
  return {
    trainings: trainings.count,
    "each (s)": rounded(trainings.seconds / trainings.count),
    backtests: others.count,
    "wall clock (s)": Math.round(wall),
    "trainings computed (s)": Math.round(trainings.seconds),
    "backtests computed (s)": Math.round(others.seconds),
    "wall clock / trainings": rounded(wall / trainings.seconds),
    "worker (MB)": worker === undefined ? "gone" : await residentMb(worker),
  };
}

const rows: Record<string, string | number>[] = [];
for (const times of CLOCKS) {
  const clocks = { SANDBOX_EPOCH_DELAY_MS: String(SECONDS * 1_000), SANDBOX_TIME_SCALE: String(1 / times) };
  await withLab(clocks, async (bench) => {
    rows.push({ "KTRDR's clocks": `${times} x`, ...(await measure(bench)) });
    await report("campaign-clock", rows);
  });
}
