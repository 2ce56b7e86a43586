/** The demo's claims, each with whether it held. */
import type { ComputationLine } from "./evidence.ts";
import { startsOf } from "./evidence.ts";
import { tellsOfIt } from "./page.ts";
import type { StoryEnd } from "./story.ts";

export interface Claim {
  readonly text: string;
  readonly held: boolean;
}

export interface Findings {
  readonly end: StoryEnd;
  readonly lines: readonly ComputationLine[];
  /** The page's first view, as text. */
  readonly page: string;
  /** Parts that should have been killed and were not. */
  readonly spared: readonly string[];
}

export function claims({ end, lines, page, spared }: Findings): readonly Claim[] {
  const trainings = startsOf(lines, "training");
  const backtests = startsOf(lines, "backtesting");
  return [
    { text: `KTRDR's own log: the training was computed ${times(trainings)}`, held: trainings === 1 },
    { text: `KTRDR's own log: the backtest was computed ${times(backtests)}`, held: backtests === 1 },
    { text: "the training has a result on record", held: end.training.status === "completed" },
    {
      text: "the backtest stands beside buy-and-hold",
      held: end.backtest.status === "completed" && end.backtest.buy_and_hold !== undefined,
    },
    { text: "the page tells of both", held: tellsOfIt(page) },
    ...spared.map((part) => ({ text: `${part} was killed in time (the training was too quick)`, held: false })),
  ];
}

const times = (count: number): string => (count === 1 ? "exactly once" : `${count} times`);
