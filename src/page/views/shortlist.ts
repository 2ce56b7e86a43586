/** What could be more than luck, the draws of each strategy taken together. */
import { isBranded } from "../../domain/insistence.ts";
import { percentText, datesText } from "../../domain/kinds/words.ts";
import { CANDIDATE_LUCK } from "../../domain/luck/luck.ts";
import { shortlist, type Contender } from "../../research/overview/shortlist.ts";
import { runLink, SHORTLIST_PICTURE, strategyLink } from "../places.ts";
import type { MakeView } from "../request.ts";
import { note, section, table, type Block } from "../view.ts";
import { counted, figure, luckCell, toneOf } from "../words.ts";

export const MOST_CONTENDERS = 20;

export const shortlisted: MakeView = async ({ deps }) => {
  const contenders = await shortlist(deps, MOST_CONTENDERS);
  const survivors = contenders.filter(survives);
  return {
    title: "Shortlist",
    lead: survivalSentence(contenders),
    tone: survivors.length > 0 ? "good" : "doubt",
    alive: true,
    sections: contenders.length === 0 ? [] : [section("Contenders", ...contenderBlocks(contenders, true))],
  };
};

export const survives = ({ weighed: { luck }, result }: Contender): boolean =>
  luck.probability !== null && luck.probability <= CANDIDATE_LUCK && !isBranded(result);

/** Whether anything is more than luck, and what it is. */
export function survivalSentence(contenders: readonly Contender[]): string {
  const survivors = contenders.filter(survives);
  const [first] = survivors;
  if (first !== undefined) {
    const others = survivors.length === 1 ? "" : ` So may ${counted(survivors.length - 1, "other")}.`;
    return `${nameOf(first)} may be more than luck: luck alone looks as good in ${luckCell(first.weighed.luck)} of such searches.${others} A holdout that nobody has looked at decides.`;
  }
  const [best] = contenders;
  if (best === undefined)
    return "Nothing has survived: no backtest on days its model did not know has made enough trades at a profit.";
  return `Nothing has survived. The least explained by luck is ${nameOf(best)}: ${luckWords(best)}`;
}

const luckWords = ({ weighed: { luck } }: Contender): string =>
  luck.probability === null
    ? `whether it is luck cannot be told, because ${luck.untold}.`
    : `luck alone looks as good in ${luckCell(luck)} of such searches.`;

const nameOf = ({ result }: Contender): string => `${result.strategy} on ${result.symbol} ${result.timeframe}`;

const HOW_TO_READ =
  "Sharpe is per year and of the draw in the middle; draws shows how many there are, and the worst and best of them. A walk-forward shows all its windows together, and its worst and best window. Luck counts all that was tried on any symbol, because the contenders are picked out of all.";

export function contenderBlocks(contenders: readonly Contender[], drawn: boolean): Block[] {
  const picture: Block[] = drawn
    ? [
        {
          kind: "picture",
          src: SHORTLIST_PICTURE,
          says: "The Sharpe ratios of each contender's draws as dots, the draw in the middle as a tick, of two the worse; of a walk-forward its windows, and all of them together. The figures stand in the table.",
        },
      ]
    : [];
  return [
    ...picture,
    table({
      caption: "Contenders, the least explained by luck first",
      columns: [
        { title: "strategy" },
        { title: "market" },
        { title: "luck", figures: true },
        { title: "Sharpe", figures: true },
        { title: "draws", figures: true },
        { title: "holding", figures: true },
        { title: "trades", figures: true },
        { title: "in market", figures: true },
        { title: "days" },
        { title: "run" },
      ],
      rows: contenders.map((one) => ({
        cells: cellsOf(one),
        ...(survives(one) ? { tone: toneOf(one.weighed.luck) } : {}),
      })),
      empty: "There is no contender.",
    }),
    ...(contenders.length === 0 ? [] : [note(HOW_TO_READ)]),
  ];
}

function cellsOf({ jobId, result, weighed, parts }: Contender) {
  const { strategy, symbol, timeframe, trades } = result;
  const held = result.kind === "backtest" ? (result.buyAndHold?.sharpe ?? null) : null;
  return [
    strategyLink(strategy),
    `${symbol} ${timeframe}`,
    luckCell(weighed.luck),
    figure(result.sharpe),
    partsText(result.kind, parts),
    figure(held),
    String(trades),
    weighed.timeInMarket === null ? "-" : percentText(weighed.timeInMarket, 0),
    datesText(result),
    runLink(jobId, "open"),
  ];
}

function partsText(kind: Contender["result"]["kind"], parts: readonly number[]): string {
  const [least, most] = [parts[0] ?? null, parts.at(-1) ?? null];
  const range = `${figure(least)} to ${figure(most)}`;
  if (kind === "walk_forward") return `${parts.length} windows: ${range}`;
  return parts.length < 2 ? "one" : `${parts.length}: ${range}`;
}
