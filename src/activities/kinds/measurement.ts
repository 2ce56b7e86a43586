import { MOST_POINTS } from "../../domain/measured/prefix-ends.ts";
import { DomainError } from "../../domain/errors.ts";
import type { BacktestResult } from "../../domain/kinds/backtest.ts";
import { measured } from "../../domain/results/measurement.ts";
import type { ActivityDeps } from "../deps.ts";
import { barsOf } from "./bars.ts";
import { defineWork } from "./define-work.ts";

export const measurement = defineWork("measurement", {
  computed: null,
  result: async (deps, { jobId, request, engine, insistOnBars }) => {
    const [recorded, prefixes, { bars }] = await Promise.all([
      backtestOf(deps, request.measures),
      prefixesOf(deps, jobId),
      barsOf(deps.ktrdr, request, insistOnBars),
    ]);
    return () => {
      if (recorded === null) throw new DomainError("computation_lost", { what: `${request.measures} has no result.` });
      return measured(request, recorded, prefixes, bars, engine);
    };
  },
});

async function backtestOf({ results }: ActivityDeps, jobId: string): Promise<BacktestResult | null> {
  const result = await results.get(jobId);
  return result?.kind === "backtest" ? result : null;
}

/** The results of the prefixes that there are. */
async function prefixesOf(deps: ActivityDeps, measurementId: string): Promise<readonly BacktestResult[]> {
  const rows = await deps.batches.rows(measurementId, { limit: MOST_POINTS, offset: 0 });
  const found = await Promise.all(
    rows.map(async ({ backtestJobId }) => (backtestJobId === null ? null : await backtestOf(deps, backtestJobId))),
  );
  return found.filter((result) => result !== null);
}
