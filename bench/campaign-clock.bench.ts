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
import { median } from "../src/domain/statistics.ts";
import { addMarket } from "./synthetic-market.ts";

const TRAININGS = Number(process.env["TRAININGS"] ?? 100);
const SECONDS = Number(process.env["SECONDS"] ?? 5);
const CLOCKS = (process.env["CLOCKS"] ?? "1,50").split(",").map(Number);
/** So few that there is one rung, and all trainings are alike. */
const EPOCHS = 2;

/** Seconds since 1970. */
interface Computed {
  readonly kind: string;
  readonly from: number;
  readonly to: number;
}

/** What KTRDR's workers computed, in the order of its ends, from the sandbox's own log. */
function computedBy({ lab }: Bench): readonly Computed[] {
  const lines = readComputations(path.join(ktrdrDir(lab.dir), "computations.jsonl"));
  const begun = new Map(lines.filter(({ event }) => event === "start").map((line) => [line.operationId, line]));
  return lines.flatMap(({ event, operationId, at }) => {
    const start = begun.get(operationId);
    if (event !== "end" || start === undefined) return [];
    return [{ kind: start.kind, from: Date.parse(start.at) / 1_000, to: Date.parse(at) / 1_000 }];
  });
}

const secondsOf = (computed: readonly Computed[]): number => computed.reduce((sum, { from, to }) => sum + to - from, 0);

/** How long the worker was idle between each two of them. */
const pausesBetween = (computed: readonly Computed[]): number[] =>
  computed.slice(1).map(({ from }, i) => from - (computed[i]?.to ?? from));

const rounded = (value: number): number => Math.round(value * 100) / 100;

async function measure(bench: Bench) {
  const { lab, claude } = bench;
  await addMarket(lab.dir, "SWING", "swings", 100);
  await addStrategy(lab.dir, "swing", "SWING", EPOCHS);
  const began = Date.now() / 1_000;
  const budget = { trainings: TRAININGS, finalists: 2, draws: 3, walk_windows: 0 };
  const asked = { strategy: "swing", ...PERIODS, dimensions: DIMENSIONS, ...budget };
  const { task_id: campaign } = await claude.call("start_campaign", asked, Started);
  await finished(claude, campaign);
  const wall = Date.now() / 1_000 - began;
  const computed = Map.groupBy(computedBy(bench), ({ kind }) => kind);
  const [trainings, backtests] = [computed.get("training") ?? [], computed.get("backtesting") ?? []];
  const seconds = secondsOf(trainings);
  const worker = lab.parts().find(({ name }) => name === "worker")?.pid;
  return {
    trainings: trainings.length,
    "each (s)": rounded(seconds / trainings.length),
    "pause before the next (s, median)": rounded(median(pausesBetween(trainings))),
    "before the first (s)": rounded((trainings[0]?.from ?? began) - began),
    "after the last (s)": Math.round(began + wall - (trainings.at(-1)?.to ?? began)),
    backtests: backtests.length,
    "their computing (s)": Math.round(secondsOf(backtests)),
    "wall clock (s)": Math.round(wall),
    "wall clock / trainings": rounded(wall / seconds),
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
