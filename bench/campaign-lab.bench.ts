/**
 * Whole campaigns on a lab, as an agent starts them. Two questions:
 * 1. How long does a campaign take beside the computing of KTRDR that it needs, its workers never idle? `TRAININGS` (40).
 * 2. How often does a campaign end with a candidate, or a validated one, on markets with a planted edge and on noise? Each
 *    campaign has a market of its own, so none counts the trials of another. `SEEDS` (2) of each.
 * The sandbox keeps its real timers here, so a single campaign takes many minutes.
 */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { syntheticText } from "../sandbox/engine/market-data.ts";
import { Anything, Started, Status } from "../demo/answers.ts";
import { residentMb } from "./processes.ts";
import { report, withLab, type Bench } from "./support.ts";

const TRAININGS = Number(process.env["TRAININGS"] ?? 40);
const SEEDS = Number(process.env["SEEDS"] ?? 2);
const DAYS = 4_000;
const PERIODS = { train: ["2000-01-03", "2006-12-29"], test: ["2007-01-02", "2014-12-31"] };
/** Long enough that what we add can be told from what KTRDR computes. */
const EPOCH_DELAY_MS = 550;

const strategyText = (name: string, symbol: string, epochs: number): string => `name: ${name}
description: swings of a made market
version: "3.0"
training_data:
  symbols: {mode: single, symbol: ${symbol}}
  timeframes: {mode: single, timeframe: 1d}
  history_required: 100
indicators:
  osc: {type: rsi, period: 12}
fuzzy_sets:
  zone:
    indicator: osc
    low: [0, 20, 45]
    mid: [30, 50, 70]
    high: [55, 80, 100]
nn_inputs:
  - {fuzzy_set: zone, timeframes: all}
model:
  type: mlp
  architecture: {hidden_layers: [8], dropout: 0.0, activation: relu}
decisions:
  output_format: classification
  confidence_threshold: 0.4
  filters: {min_signal_separation: 4}
training:
  epochs: ${epochs}
  batch_size: 32
  learning_rate: 0.005
  loss: cross_entropy
  labels: {source: zigzag, zigzag_threshold: 0.03, label_lookahead: 20}
  data_split: {train: 0.7, validation: 0.15, test: 0.15}
`;

const dimensions = [
  { op: "set_parameter", target: "osc.period", int: [5, 25] },
  { op: "widen_membership", target: "zone", float: [0.7, 1.4] },
  { op: "set_training", target: "learning_rate", log: [0.001, 0.02] },
];

const Told = z.looseObject({
  status: z.string(),
  headline: z.string(),
  leaderboard: z.array(z.looseObject({ task_id: z.string(), luck: z.string().optional() })),
});
const Listed = z.looseObject({
  candidates: z.array(z.looseObject({ task_id: z.string().optional(), stage: z.string() })),
});

async function prepare({ lab }: Bench, name: string, what: "swings" | "noise", seed: number, epochs: number) {
  const symbol = name.toUpperCase();
  const folder = path.join(lab.dir, "ktrdr");
  await writeFile(path.join(folder, "data", `${symbol}_1d.csv`), syntheticText(what, seed, DAYS));
  await writeFile(path.join(folder, "strategies", `${name}.yaml`), strategyText(name, symbol, epochs));
}

async function finished({ claude }: Bench, taskId: string): Promise<void> {
  for (;;) {
    const { final } = await claude.call("get_task_status", { task_id: taskId, wait_seconds: 20 }, Status);
    if (final) return;
  }
}

interface Line {
  readonly at: string;
  readonly event: string;
  readonly kind: string;
  readonly operationId: string;
}

/** Seconds in which KTRDR's workers computed, by kind, from the sandbox's own log. */
async function computedBy({ lab }: Bench): Promise<ReadonlyMap<string, number>> {
  const text = await readFile(path.join(lab.dir, "ktrdr", "computations.jsonl"), "utf8");
  const lines = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
  const begun = new Map(lines.filter(({ event }) => event === "start").map((line) => [line.operationId, line]));
  const spent = new Map<string, number>();
  for (const { event, operationId, at } of lines) {
    const start = begun.get(operationId);
    if (event !== "end" || start === undefined) continue;
    const seconds = (Date.parse(at) - Date.parse(start.at)) / 1_000;
    spent.set(start.kind, (spent.get(start.kind) ?? 0) + seconds);
  }
  return spent;
}

/** A training worker and a backtest worker: what the busier one needs is the least that a campaign can take. */
async function wallClock(): Promise<void> {
  await withLab({ SANDBOX_EPOCH_DELAY_MS: String(EPOCH_DELAY_MS) }, async (bench) => {
    await prepare(bench, "wall", "swings", 100, 9);
    const began = performance.now();
    const { task_id: campaign } = await bench.claude.call(
      "start_campaign",
      { strategy: "wall", ...PERIODS, dimensions, trainings: TRAININGS, finalists: 2, draws: 3, walk_windows: 0 },
      Started,
    );
    await finished(bench, campaign);
    const wall = (performance.now() - began) / 1_000;
    const spent = await computedBy(bench);
    const [training = 0, all] = [spent.get("training"), [...spent.values()].reduce((sum, one) => sum + one, 0)];
    const worker = bench.lab.parts().find(({ name }) => name === "worker")?.pid ?? 0;
    await report("campaign-wall-clock", [
      {
        trainings: TRAININGS,
        wall_s: Math.round(wall),
        training_s: Math.round(training),
        all_computing_s: Math.round(all),
        "wall / training": Math.round((wall / training) * 100) / 100,
        "wall / all computing": Math.round((wall / all) * 100) / 100,
        worker_mb: await residentMb(worker),
      },
    ]);
  });
}

/** How far the best finalist of each campaign came in the registry. */
async function found(bench: Bench, what: "swings" | "noise", seed: number): Promise<string> {
  const name = `${what}${seed}`;
  const { task_id: campaign } = await bench.claude.call(
    "start_campaign",
    { strategy: name, ...PERIODS, dimensions, trainings: 60, finalists: 2, draws: 5, walk_windows: 4, walk_draws: 1 },
    Started,
  );
  await finished(bench, campaign);
  const { leaderboard, headline } = await bench.claude.call("get_results", { task_id: campaign }, Told);
  const [first] = leaderboard;
  if (first === undefined) return `nothing tested: ${headline}`;
  try {
    await bench.claude.call("propose_champion", { task_id: first.task_id, reason: "the best finalist" }, Anything);
  } catch (error) {
    return `refused, luck ${first.luck ?? "unknown"}: ${error instanceof Error ? error.message.slice(0, 160) : ""}`;
  }
  const { candidates } = await bench.claude.call("list_candidates", {}, Listed);
  return candidates.find(({ task_id: id }) => id === first.task_id)?.stage ?? "candidate";
}

async function discoveries(): Promise<void> {
  await withLab({}, async (bench) => {
    const rows: Record<string, string | number>[] = [];
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      for (const what of ["swings", "noise"] as const) {
        await prepare(bench, `${what}${seed}`, what, 1_000 * seed, 12);
        const came = await found(bench, what, seed);
        rows.push({ market: what, seed, came });
        console.log(`${what} ${seed}: ${came}`);
      }
    }
    await report("campaign-discoveries", rows);
  });
}

if (TRAININGS > 0) await wallClock();
if (SEEDS > 0) await discoveries();
