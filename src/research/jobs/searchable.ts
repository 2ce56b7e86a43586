/** Whether a space has valid points at all, found out before anything is started. */
import { changesOf } from "../../domain/campaign/changes.ts";
import type { Dimension, Point } from "../../domain/campaign/dimension.ts";
import { pointJudge } from "../../domain/campaign/point-judge.ts";
import { spread } from "../../domain/campaign/propose.ts";
import { labelSettings, nameOf, pointAt } from "../../domain/campaign/space.ts";
import { DomainError } from "../../domain/errors.ts";
import type { Insistence } from "../../domain/insistence.ts";
import type { Bar, DateWindow } from "../../domain/market-data.ts";
import { mutated } from "../../domain/strategy/mutate.ts";
import { parseStrategy } from "../../domain/strategy/parse.ts";
import { isMapping, own } from "../../domain/strategy/shape.ts";
import type { Deps } from "../ports.ts";
import type { StrategyFile } from "../../strategies/strategy-folder.ts";

interface Given {
  readonly window: DateWindow;
  readonly bars: readonly Bar[];
  readonly insisted: readonly Insistence[];
}

/** So many points of a space are looked at, and so many values of one dimension alone. */
const POINTS_SEEN = 12;
const VALUES_SEEN = 5;
/** KTRDR's own number of epochs, where a strategy names none. */
const DEFAULT_EPOCHS = 100;

/**
 * Refuses a space in which no point that is looked at is a valid strategy, and names the dimension that breaks it.
 * @throws DomainError `invalid_input`
 */
export function searchable(file: StrategyFile, dimensions: readonly Dimension[], given: Given): void {
  const seen = spread({ dimensions, fixed: {}, seed: 1, count: POINTS_SEEN, isTaken: () => false });
  const refusals = seen.map((point) => refusalOf(file, dimensions, point, given));
  if (refusals.some((refusal) => refusal === null)) return;
  const culprit = dimensions.find((dimension) => breaksAlone(file, dimension, given));
  throw new DomainError("invalid_input", {
    what:
      culprit === undefined
        ? `None of ${seen.length} points of the space is a valid strategy.`
        : `${nameOf(culprit)} breaks the strategy at every value that was tried.`,
    why: refusals[0] ?? "there is no point",
    next: "give it another range; validate_strategy tells what is wrong with one text. Nothing was started",
  });
}

const breaksAlone = (file: StrategyFile, dimension: Dimension, given: Given): boolean =>
  Array.from({ length: VALUES_SEEN }, (_, at) => pointAt([dimension], [(at + 0.5) / VALUES_SEEN], {})).every(
    (point) => refusalOf(file, [dimension], point, given) !== null,
  );

function refusalOf({ name, text }: StrategyFile, dimensions: readonly Dimension[], point: Point, given: Given) {
  const { window, bars, insisted } = given;
  const varied = mutated(text, changesOf(dimensions, point, text), null);
  return pointJudge({ window, bars, insisted })(varied, name);
}

/** Epochs of the strategy's trainings. */
export function epochsOf({ text }: Pick<StrategyFile, "text">): number {
  const parsed = parseStrategy(text);
  const training = parsed.ok ? own(parsed.text.value, "training") : null;
  const epochs = isMapping(training) ? own(training, "epochs") : null;
  return typeof epochs === "number" && epochs >= 1 ? Math.floor(epochs) : DEFAULT_EPOCHS;
}

/** Bars that the labels look ahead, the most over all label settings of the space. */
export function horizonOf(
  { texts }: Pick<Deps, "texts">,
  { name, text }: StrategyFile,
  dimensions: readonly Dimension[],
): number {
  const horizons = labelSettings(dimensions).map((setting) => {
    const varied = mutated(
      text,
      changesOf(
        dimensions.filter((one) => nameOf(one) in setting),
        setting,
        text,
      ),
      null,
    );
    return texts.judge({ text: varied, name }).summary?.labels?.horizon ?? 0;
  });
  return Math.max(0, ...horizons);
}
