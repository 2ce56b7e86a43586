/**
 * What the ledger costs a call: starting a backtest and asking for the status of a finished one, with a ledger of LINES (100000)
 * lines beside the same call that asks no ledger. On a real lab; the calls are made in turn, in this process.
 */
import pg from "pg";
import { Anything, Started, Status } from "../demo/answers.ts";
import { STRATEGY_NAME, STRATEGY_TEXT, TRAINING_DATES } from "../demo/strategy.ts";
import { createWiring } from "../src/bin/mcp-wiring.ts";
import { createLogger } from "../src/logger.ts";
import type { ToolContext } from "../src/mcp/define-tool.ts";
import { getTaskStatus } from "../src/mcp/tools/get-task-status.ts";
import { runBacktest } from "../src/mcp/tools/run-backtest.ts";
import type { Deps } from "../src/research/ports.ts";
import { inTurn, quantile, report, withLab, type Bench } from "./support.ts";

const LINES = Number(process.env["LINES"] ?? 100_000);
const STARTS = 60;
const STATUSES = 300;
const WARM_UP = 10;
const TEST = { start_date: "2015-01-02", end_date: "2015-12-31" };

/** A hundred symbols, one of them the one that is asked for. */
const FILLED = `select append_trial_event(jsonb_build_object('kind', 'import', 'state', 'finished', 'jobId', 'filled-' || n,
       'symbol', case n % 100 when 0 then 'SPX' else 'S' || n % 100 end, 'timeframe', '1d', 'startDate', '2015-01-02',
       'endDate', '2019-12-31', 'strategy', 'probe', 'run', md5(n::text), 'sharpe', random(), 'bars', 1208, 'trades', 42))
     from generate_series(1, $1::integer) n`;

const NOTHING: Pick<Deps["records"]["ledger"], "trials" | "counts" | "standings"> = {
  trials: async () => ({ count: 0, onTheseDays: 0, deviation: null }),
  counts: async () => new Map(),
  standings: async () => new Map(),
};

async function finished({ claude }: Bench, tool: string, args: Readonly<Record<string, unknown>>): Promise<string> {
  const { task_id } = await claude.call(tool, args, Started);
  for (;;) {
    const { final } = await claude.call("get_task_status", { task_id, wait_seconds: 5 }, Status);
    if (final) return task_id;
  }
}

function contextOf(deps: Deps): ToolContext {
  return {
    deps,
    signal: new AbortController().signal,
    caller: { name: "bench", scope: "operate", source: "local" },
    admission: { job: async () => () => undefined },
    progress: () => undefined,
    client: { name: "bench", version: "1" },
    log: createLogger("bench", "silent"),
    attach: () => undefined,
    pageAt: async () => ({ title: "", html: "" }),
  };
}

await withLab({ SANDBOX_TIME_SCALE: "0.05", SANDBOX_EPOCH_DELAY_MS: "5" }, async (bench) => {
  const { claude, lab } = bench;
  await claude.call("create_strategy", { yaml: STRATEGY_TEXT }, Anything);
  const model = await finished(bench, "train_model", { strategy: STRATEGY_NAME, ...TRAINING_DATES });
  const backtest = await finished(bench, "run_backtest", { model, ...TEST });
  const session = new pg.Client({ connectionString: lab.addresses.database });
  await session.connect();
  await session.query(FILLED, [LINES]);
  // As autovacuum does after many lines.
  await session.query("vacuum (analyze) trial_events");
  await session.end();

  const { deps } = await (await createWiring(lab.env, createLogger("bench", "silent"))).current();
  const contexts = {
    with: contextOf(deps),
    without: contextOf({ ...deps, records: { ...deps.records, ledger: { ...deps.records.ledger, ...NOTHING } } }),
  };
  const start = (context: ToolContext, name: string) => async (round: number) =>
    await runBacktest.run({ model, ...TEST, force_new_reason: `measured ${name} the ledger, round ${round}` }, context);
  const status = (context: ToolContext) => async () => await getTaskStatus.run({ task_id: backtest }, context);
  const starts = { with: start(contexts.with, "with"), without: start(contexts.without, "without") };
  const statuses = { with: status(contexts.with), without: status(contexts.without) };
  await inTurn(WARM_UP, { with: start(contexts.with, "warm with"), without: start(contexts.without, "warm without") });
  await inTurn(WARM_UP, statuses);
  const rows = Object.entries({ start: await inTurn(STARTS, starts), status: await inTurn(STATUSES, statuses) });
  await report(
    "ledger-calls",
    rows.map(([what, taken]) => {
      const [ours, bare] = [quantile(taken.with, 0.5), quantile(taken.without, 0.5)];
      return { what, "with the ledger (ms)": ours, "without (ms)": bare, ratio: Math.round((ours / bare) * 100) / 100 };
    }),
  );
});
// The parts of this process keep connections to a lab that is gone.
process.exit();
