/** What to do next about a job, by its kind: a next call that can be made. */
import type { JobKind, SlotKind } from "./job.ts";

/** How the same thing is computed once more. */
export function startAgain(kind: JobKind): string {
  switch (kind) {
    case "batch":
      return "To go on with it, call start_batch with another at_once or max_failures: what was computed is not computed again.";
    case "training":
      return "To run it again, repeat train_model with force_new_reason.";
    case "backtest":
      return "To run it again, repeat run_backtest with force_new_reason.";
    case "data_load":
      return "To load again, repeat load_market_data with force_new_reason; list_market_data shows what is stored.";
  }
}

/** Where going on from a checkpoint is not to be had, or not wanted. */
export const trainAnew =
  "To begin anew, call train_model without resume_from; a request that is known needs force_new_reason.";

/** After KTRDR computed it and failed. */
export function mend(kind: SlotKind): string {
  switch (kind) {
    case "training":
      return "Mend what the reason names (validate_strategy helps), then call again: a changed strategy is a new job.";
    case "backtest":
      return "Mend what the reason names: other dates or another model are a new job. list_market_data shows the bars there are.";
    case "data_load":
      return "Mend what the reason names: a load needs KTRDR's data source, which its operator runs. list_market_data shows what is stored; then repeat load_market_data with force_new_reason.";
  }
}
