/** What each kind of job needs of the world. A new one is a file beside this one, and a line in the list. */
import type { JobKind, SlotKind } from "../../domain/kinds/index.ts";
import { backtest } from "./backtest.ts";
import { batch } from "./batch.ts";
import { campaign } from "./campaign.ts";
import { dataLoad } from "./data-load.ts";
import type { AnyComputed, AnyWork } from "./define-work.ts";
import { holdout } from "./holdout.ts";
import { measurement } from "./measurement.ts";
import { training } from "./training.ts";
import { walkForward } from "./walk-forward.ts";

const WORK = {
  training,
  backtest,
  data_load: dataLoad,
  batch,
  measurement,
  walk_forward: walkForward,
  campaign,
  holdout,
} satisfies {
  [K in JobKind]: { readonly kind: K };
};

export const workOf = (kind: JobKind): AnyWork => WORK[kind] as unknown as AnyWork;

export const computedOf = (kind: SlotKind): AnyComputed => WORK[kind].computed as unknown as AnyComputed;
