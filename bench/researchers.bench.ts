/**
 * Whether a researcher who believes the product finds what is there, and nothing else. `SEEDS=20 IDEAS=60` are the markets of
 * each sort and the strategies tried on each. "naive" believes a best Sharpe ratio above 0.5; "luck" believes what stands
 * beside the leading strategy of the search; "verdict" believes the experiment.
 */
import { inventIdeas, research, type Search } from "./researcher.ts";
import { report, withLab } from "./support.ts";
import { addMarket } from "./synthetic-market.ts";

const SEEDS = Number(process.env["SEEDS"] ?? 20);
const IDEAS = Number(process.env["IDEAS"] ?? 60);
const SORTS = { swings: "SWING", noise: "NOISE" } as const;

const believes = {
  naive: ({ bestSharpe }: Search) => bestSharpe > 0.5,
  luck: ({ luck }: Search) => /^(less than 0\.1|[0-4]\.\d|5\.0) %$/.test(luck),
  verdict: ({ verdict }: Search) => verdict === "supported",
};

await withLab({ SANDBOX_TIME_SCALE: "0.02" }, async ({ lab, claude }) => {
  const ideas = await inventIdeas(claude, 1, IDEAS);
  const rows: Record<string, string | number>[] = [];
  for (const [sort, prefix] of Object.entries(SORTS) as [keyof typeof SORTS, string][]) {
    const searches: Search[] = [];
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const symbol = `${prefix}${seed}`;
      await addMarket(lab.dir, symbol, sort, 1_000 * seed);
      const found = await research(claude, symbol, ideas);
      searches.push(found);
      console.log(`${symbol}: best ${found.bestSharpe.toFixed(2)}, luck ${found.luck}; ${found.headline}`);
    }
    const called = (by: keyof typeof believes) => searches.filter(believes[by]).length;
    rows.push({
      market: sort,
      searches: SEEDS,
      ideas: IDEAS,
      naive: called("naive"),
      luck: called("luck"),
      verdict: called("verdict"),
    });
    await report("researchers", rows);
  }
});
