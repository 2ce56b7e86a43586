/**
 * How long a campaign takes beside the computing of KTRDR that it needs. KTRDR has one worker for trainings here and one for
 * backtests, so what the busier one computed is the least that a campaign can take. `TRAININGS` (100) sets its budget, and
 * `EPOCH_DELAY_MS` (550) how long an epoch takes at least: nine make a training of about 5 s.
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
const EPOCH_DELAY_MS = process.env["EPOCH_DELAY_MS"] ?? "550";
const EPOCHS = 9;

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

await withLab({ SANDBOX_EPOCH_DELAY_MS: EPOCH_DELAY_MS }, async (bench) => {
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
  await report("campaign-clock", [
    {
      trainings: trainings.count,
      "each (s)": rounded(trainings.seconds / trainings.count),
      backtests: others.count,
      "wall clock (s)": Math.round(wall),
      "trainings computed (s)": Math.round(trainings.seconds),
      "backtests computed (s)": Math.round(others.seconds),
      "wall clock / trainings": rounded(wall / trainings.seconds),
      "wall clock / both": rounded(wall / (trainings.seconds + others.seconds)),
      "worker (MB)": worker === undefined ? "gone" : await residentMb(worker),
    },
  ]);
});
