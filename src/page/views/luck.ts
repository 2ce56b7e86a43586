/** The luck chart: the best figure of a symbol so far, against the bar that rises with every trial. */
import { CANDIDATE_LUCK } from "../../domain/luck/luck.ts";
import { barAt, luckCourse, type LuckCourse } from "../../research/overview/luck-course.ts";
import { DomainError } from "../../domain/errors.ts";
import { luckLink, luckPicture, runLink, strategyLink } from "../places.ts";
import type { MakeView } from "../request.ts";
import { facts, note, paragraph, section, table, type Block, type Line, type View } from "../view.ts";
import { counted, figure } from "../words.ts";

const MOST_SYMBOLS = 200;
const MOST_LEADERS = 50;

export const luckOfSymbols: MakeView = async ({ deps }) => {
  const symbols = await deps.records.trials.symbols(MOST_SYMBOLS);
  const [newest] = symbols;
  if (newest === undefined) {
    return {
      title: "Luck",
      lead: "Nothing was tried yet. With the first backtest this shows how far luck explains what was found.",
      sections: [],
    };
  }
  const course = await luckCourse(deps, newest.symbol);
  return {
    ...viewOf(course),
    title: "Luck",
    sections: [
      section(newest.symbol, ...chartOf(course, true)),
      section(
        "Symbols",
        table({
          caption: "What was tried on each symbol, the newest first",
          columns: [{ title: "symbol" }, { title: "backtests tried", figures: true }],
          rows: symbols.map(({ symbol, trials }) => ({ cells: [luckLink(symbol), String(trials)] })),
          empty: "Nothing was tried yet.",
        }),
      ),
    ],
  };
};

export const luckOfSymbol: MakeView = async ({ deps, id: symbol }) => {
  const course = await luckCourse(deps, symbol);
  if (course.trials > 0) return viewOf(course);
  throw new DomainError("data_not_found", { what: `Nothing was tried on ${symbol}.` });
};

function viewOf(course: LuckCourse): View {
  const { symbol, trials, best } = course;
  return {
    title: `Luck on ${symbol}`,
    lead: luckSentence(course),
    tone: isBelowLuck(course) ? "good" : "doubt",
    alive: true,
    sections: [
      section("The best so far, and luck", ...chartOf(course, true)),
      section(
        "Each new best",
        table({
          caption: "Trials that were the best so far",
          columns: [
            { title: "trial", figures: true },
            { title: "strategy" },
            { title: "Sharpe", figures: true },
            { title: "luck reached", figures: true },
            { title: "years", figures: true },
            { title: "run" },
          ],
          rows: best
            .slice(-MOST_LEADERS)
            .toReversed()
            .map((one) => ({
              cells: [
                String(one.n),
                strategyLink(one.strategy),
                figure(one.sharpe),
                figure(barAt(one.n, one)),
                figure(one.years, 1),
                runLink(one.jobId),
              ],
            })),
          empty: "No trial can be told from nothing yet.",
        }),
        facts({ "backtests tried": String(trials) }),
      ),
    ],
  };
}

export function isBelowLuck({ weighed }: LuckCourse): boolean {
  const { probability = null } = weighed?.luck ?? {};
  return probability !== null && probability <= CANDIDATE_LUCK;
}

/** What the picture shows, in one sentence. */
export function luckSentence({ symbol, trials, best, weighed }: LuckCourse): string {
  const leader = best.at(-1);
  if (leader === undefined || weighed === null) {
    return `${counted(trials, "backtest was", "backtests were")} tried on ${symbol}. None of them has figures that luck can be told from.`;
  }
  return `The best on ${symbol} is ${leader.strategy}, Sharpe ${figure(leader.sharpe)}. ${weighed.luck.sentence}`;
}

/** How the picture is read. */
const READING =
  "Every trial raises the dashed bar: the more is tried, the better the best of nothing looks. Only a best above the bar may be more than luck. Crosses are trials that prove nothing, for example on days the model was trained on.";

/** The picture with what it means. @param said whether the view has said already how its best stands */
export function chartOf(course: LuckCourse, said = false): Block[] {
  const { symbol, trials, best } = course;
  const tried = counted(trials, "backtest");
  const leader: Line =
    best.length === 0
      ? `Of ${tried} none leads.`
      : [`Of ${tried} the best is `, runLink(best.at(-1)?.jobId ?? ""), "."];
  return [
    { kind: "picture", src: luckPicture(symbol), says: said ? READING : luckSentence(course) },
    paragraph(leader),
    ...(said ? [] : [note(READING)]),
  ];
}
