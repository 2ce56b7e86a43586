import { DomainError, isDomainError } from "../../domain/errors.ts";
import { cutOf, type Cut } from "../../domain/holdout/holdout.ts";
import type { DataLoadRequest } from "../../domain/kinds/data-load.ts";
import { normaliseDataLoad, openPartOf } from "../../domain/results/data-load.ts";
import { assertDivisible, divide } from "../../ktrdr/holdout-files.ts";
import type { ActivityDeps } from "../deps.ts";
import { defineWork } from "./define-work.ts";
import { agrees, sameMarketAndDates } from "./recognise.ts";

/** Who moved bars, in the ledger. */
const BY = "data load";

export const dataLoad = defineWork("data_load", {
  computed: {
    start: async ({ data }, { symbol, timeframe, mode, startDate, endDate }, _operationId, sending) =>
      await data.download(
        {
          symbol,
          timeframe,
          mode,
          ...(startDate === null ? {} : { startDate }),
          ...(endDate === null ? {} : { endDate }),
        },
        sending,
      ),
    recognises: (operation, request) =>
      sameMarketAndDates(operation, request) &&
      operation.operationType === "data_load" &&
      agrees(operation.parameters["mode"], request.mode),
    /** KTRDR puts the days of a holdout back into the open file, so they must be moved away again from here. */
    assertUnchanged: async (deps, request) => {
      const cut = await cutFor(deps, request);
      if (cut !== null) await assertDivisible(deps.dataDir, cut);
    },
  },
  /** A load that failed or was stopped may have written bars too. */
  over: async (deps, request) => {
    const cut = await cutFor(deps, request);
    if (cut !== null) await moveAway(deps, cut);
  },
  result: async ({ ktrdr, holdouts }, { request, summary, engine }) => {
    const { symbol, timeframe } = request;
    const range = await ktrdr.data.range(symbol, timeframe);
    const kept = cutOf(await holdouts.all(), symbol, timeframe);
    if (kept === null) return () => normaliseDataLoad(summary, request, range, engine);
    // What was loaded ends where the kept bars do.
    const whole = { ...range, endDate: kept.lastDay };
    return () => openPartOf(normaliseDataLoad(summary, request, whole, engine), range.endDate, kept);
  },
});

const cutFor = async ({ holdouts }: Pick<ActivityDeps, "holdouts">, { symbol, timeframe }: DataLoadRequest) =>
  cutOf(await holdouts.all(), symbol, timeframe);

/** @throws DomainError, always a retryable one: the load is not over before its bars are behind the lock */
async function moveAway({ holdouts, dataDir = "", log }: Pick<ActivityDeps, "holdouts" | "dataDir" | "log">, cut: Cut) {
  const steps: string[] = [];
  try {
    await divide(
      dataDir,
      cut,
      async (file) => await holdouts.moved(cut, file, BY),
      (step) => steps.push(step),
    );
  } catch (error) {
    if (!isDomainError(error) || error.retryable) throw error;
    throw new DomainError("folder_unavailable", {
      what: error.what,
      ...(error.why === undefined ? {} : { why: error.why }),
    });
  }
  if (steps.length > 0) log.info({ ...cut, steps }, "newer bars were moved behind the lock");
}
