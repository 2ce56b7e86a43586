/**
 * What is known of the strategy inside a model. KTRDR backtests the model's folder, not the strategy's file
 * (docs/ktrdr.md §2.9). From the file, when it exists, it only takes a list of several timeframes.
 */
import { codesOf, LOOKS_AHEAD } from "../../domain/insistence.ts";
import type { Finding } from "../../domain/strategy/finding.ts";
import type { Checked } from "../strategies/clearance.ts";
import type { ChosenModel } from "./model-choice.ts";
import type { Deps } from "../ports.ts";
import { strategySubject } from "../strategies/strategy-check.ts";
import { slowerTimeframes, type StrategyText } from "../strategies/training-market.ts";

export interface CheckedModel {
  readonly subject: Checked;
  /** Timeframes that it reads beside its finest. */
  readonly slower: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Judges the strategy inside a model. The model exists, so only a look ahead is an error, unless it was accepted for
 * the training.
 * @param strategy name of the strategy, for a model that is not ours
 * @throws DomainError `database_unavailable`
 */
export async function checkedModel(deps: Deps, model: ChosenModel, strategy: string): Promise<CheckedModel> {
  const name = model.origin?.strategy ?? strategy;
  const { trainingJobId, strategySha256 } = model;
  const [recorded, file] = await Promise.all([
    trainingJobId === null ? null : deps.records.jobs.strategyText(trainingJobId),
    deps.strategies.read(name).catch(() => null),
  ]);
  const changed = file !== null && strategySha256 !== null && file.sha256 !== strategySha256;
  const own = recorded === null || strategySha256 === null ? null : { text: recorded };
  const text = own ?? model.kept?.strategy ?? (changed ? null : file);
  const inside = text === null ? null : { name, text: text.text };
  return {
    subject: {
      name: `The model ${model.modelPath}`,
      findings:
        inside === null ? [] : strategySubject(deps, inside).findings.filter((finding) => isOpen(finding, model)),
      code: "strategy_invalid",
      next: "train another strategy",
    },
    slower: inside === null ? [] : slowerTimeframes(deps, inside),
    warnings: changed ? [changedFile(name), ...otherTimeframes(deps, file, inside)] : [],
  };
}

const changedFile = (name: string) =>
  `The file of ${name} was changed after the training. The model is backtested with the text it was trained with.`;

function otherTimeframes(deps: Deps, file: StrategyText, inside: StrategyText | null): string[] {
  const slower = slowerTimeframes(deps, file);
  if (inside === null || slower.length === 0 || slower.join() === slowerTimeframes(deps, inside).join()) return [];
  return [
    `One thing KTRDR does take from the file: its timeframes, which are others now (${slower.join(", ")} beside the finest). The backtest may fail or cover other bars: bring the text back, or remove the file.`,
  ];
}

const isOpen = ({ code }: Finding, { insisted }: ChosenModel): boolean =>
  code === LOOKS_AHEAD && !codesOf(insisted).includes(LOOKS_AHEAD);
