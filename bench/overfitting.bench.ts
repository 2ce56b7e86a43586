/**
 * How often campaigns of worthless and of good finalists pass the gates of luck and of overfitting. `CAMPAIGNS` (120) of each
 * sort, over five and ten years of days in twelve blocks. Finalists share a part of their returns, as strategies on one
 * market do. Each of them cost seven trials.
 */
import { normalFrom, seededRandom } from "../sandbox/engine/random.ts";
import { CANDIDATE_LUCK, luckBar } from "../src/domain/luck/luck.ts";
import { isSoundChoice, MOST_LOSES, MOST_OVERFITTING, overfitting } from "../src/domain/luck/overfitting.ts";
import { report } from "./support.ts";

const CAMPAIGNS = Number(process.env["CAMPAIGNS"] ?? 120);
const TRIALS_OF_FINALIST = 7;
const BARS_OF_YEAR = 252;
const BLOCKS = 12;
/** Correlation of any two finalists. */
const ALIKE = 0.3;

/** True annual Sharpe ratios of the finalists. */
const SORTS: Readonly<Record<string, readonly number[]>> = {
  "2 worthless": [0, 0],
  "4 worthless": [0, 0, 0, 0],
  "8 worthless": [0, 0, 0, 0, 0, 0, 0, 0],
  "2 of 1.5": [1.5, 1.5],
  "4 of 1.5": [1.5, 1.5, 1.5, 1.5],
  "8 of 1.5": [1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5],
  "4 of 1": [1, 1, 1, 1],
  "1 of 1.5, 3 worthless": [1.5, 0, 0, 0],
  "2 of 1.5, 6 worthless": [1.5, 1.5, 0, 0, 0, 0, 0, 0],
  "8 of 0.5": [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
};

const normal = normalFrom(seededRandom(5));

/** The returns of all finalists in blocks, in units of their own volatility. */
function returnsOf(sharpes: readonly number[], years: number) {
  const count = Math.floor((years * BARS_OF_YEAR) / BLOCKS);
  const finalists = sharpes.map(() => Array.from({ length: BLOCKS }, () => ({ count, sum: 0, squares: 0 })));
  for (let at = 0; at < BLOCKS; at += 1) {
    for (let bar = 0; bar < count; bar += 1) {
      const shared = Math.sqrt(ALIKE) * normal();
      for (const [n, sharpe] of sharpes.entries()) {
        const one = sharpe / Math.sqrt(BARS_OF_YEAR) + shared + Math.sqrt(1 - ALIKE) * normal();
        const block = finalists[n]?.[at];
        if (block === undefined) continue;
        block.sum += one;
        block.squares += one ** 2;
      }
    }
  }
  return finalists;
}

/** The highest annual Sharpe ratio over all blocks. */
function bestOf(finalists: ReturnType<typeof returnsOf>): number {
  const sharpes = finalists.map((blocks) => {
    const total = (of: (block: (typeof blocks)[number]) => number) => blocks.reduce((sum, block) => sum + of(block), 0);
    const count = total((block) => block.count);
    const mean = total(({ sum }) => sum) / count;
    return (mean / Math.sqrt(total(({ squares }) => squares) / count - mean ** 2)) * Math.sqrt(BARS_OF_YEAR);
  });
  return Math.max(...sharpes);
}

function shares(name: string, sharpes: readonly number[], years: number) {
  const bar = luckBar(TRIALS_OF_FINALIST * sharpes.length, years, CANDIDATE_LUCK);
  const found = Array.from({ length: CAMPAIGNS }, () => {
    const finalists = returnsOf(sharpes, years);
    const { probability, loses } = overfitting(finalists);
    const lucky = bestOf(finalists) >= bar;
    const ranked = probability <= MOST_OVERFITTING;
    return { lucky, ranked, earns: loses <= MOST_LOSES, sound: isSoundChoice({ probability, loses }) };
  });
  const percent = (of: (one: (typeof found)[number]) => boolean) =>
    Math.round((100 * found.filter(of).length) / CAMPAIGNS);
  return {
    finalists: name,
    years,
    "luck (%)": percent(({ lucky }) => lucky),
    "PBO (%)": percent(({ ranked }) => ranked),
    "seldom loses (%)": percent(({ earns }) => earns),
    "luck and PBO (%)": percent(({ lucky, ranked }) => lucky && ranked),
    "luck and the gate (%)": percent(({ lucky, sound }) => lucky && sound),
  };
}

await report(
  "overfitting",
  [5, 10].flatMap((years) => Object.entries(SORTS).map(([name, sharpes]) => shares(name, sharpes, years))),
);
