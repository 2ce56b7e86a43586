import { DomainError } from "../../domain/errors.ts";
import { lockedOut, strategyNamesHoldout } from "../../domain/holdout/symbol.ts";
import { toBars } from "../../domain/market-data.ts";
import { normaliseTraining } from "../../domain/results/training.ts";
import { trainingTraits } from "../../domain/results/training-traits.ts";
import { parseStrategy } from "../../domain/strategy/parse.ts";
import { askedText } from "./asked-text.ts";
import { barsOf, fingerprintOf } from "./bars.ts";
import { defineWork } from "./define-work.ts";

export const training = defineWork("training", {
  strategyText: askedText,
  computed: {
    start: async ({ trainings }, request, operationId, sending) =>
      await trainings.start(
        {
          strategyName: request.strategy,
          operationId,
          symbols: request.symbols ?? [request.symbol],
          timeframes: [request.timeframe],
          startDate: request.startDate,
          endDate: request.endDate,
        },
        sending,
      ),
    recognises: null,
    /** KTRDR reads the file when the training starts. For a backtest it reads only the model's folder (docs/ktrdr.md §2.9). */
    assertUnchanged: async ({ strategies }, request) => {
      const file = await strategies.read(request.strategy);
      const parsed = parseStrategy(file.text);
      if (parsed.ok && strategyNamesHoldout(parsed.text.value)) throw lockedOut();
      if (file.sha256 === request.strategySha256) return;
      throw new DomainError("strategy_changed", {
        what: `The strategy ${request.strategy} was changed after this training was asked for.`,
        why: "The result would be recorded under a text that did not produce it.",
        next: "Start it again: with the new text it is a new job.",
      });
    },
  },
  result: async (deps, { jobId, request, summary, engine, insistOnBars }) => {
    const resumedFrom = (await deps.jobs.computations(jobId)).at(-1)?.resumedFrom ?? null;
    const [{ bars }, text] = await Promise.all([
      barsOf(deps.ktrdr, request, insistOnBars),
      deps.jobs.strategyText(jobId),
    ]);
    const traits = trainingTraits(text, bars === null ? null : toBars(bars.ohlcv));
    const data = fingerprintOf(bars);
    return () => ({ ...normaliseTraining(summary, request, engine, resumedFrom, traits), data });
  },
});
