/**
 * Whether a researcher who believes the product finds what is there, and nothing else. `SEEDS=20 IDEAS=60` are the markets of
 * each sort and the strategies tried on each; `SORT=noise` takes one sort only. Our worker is killed after the start of every
 * batch. "naive" believes a best Sharpe ratio above 0.5; "luck" believes what stands beside the leading strategy of the
 * search; "verdict" believes the experiment.
 */
import { inventIdeas, research, type Search } from "./researcher.ts";
import { report, withLab } from "./support.ts";
import { addMarket } from "./synthetic-market.ts";

const SEEDS = Number(process.env["SEEDS"] ?? 20);
const IDEAS = Number(process.env["IDEAS"] ?? 60);
const SORTS = { swings: "SWING", noise: "NOISE" } as const;
const wanted = process.env["SORT"];

const believes = {
  naive: ({ bestSharpe }: Search) => bestSharpe > 0.5,
  luck: ({ luck }: Search) => /^(less than 0\.1|[0-4]\.\d|5\.0) %$/.test(luck),
  verdict: ({ verdict }: Search) => verdict === "supported",
};

await withLab({ SANDBOX_TIME_SCALE: "0.02" }, async ({ lab, claude }) => {
  const ideas = await inventIdeas(claude, 1, IDEAS);
  const rows: Record<string, string | number>[] = [];
  const sorts = (Object.entries(SORTS) as [keyof typeof SORTS, string][]).filter(([sort]) => (wanted ?? sort) === sort);
  const killWorker = () => {
    const { pid } = lab.parts().find(({ name }) => name === "worker") ?? {};
    if (pid !== undefined) process.kill(pid, "SIGKILL");
  };
  for (const [sort, prefix] of sorts) {
    const searches: Search[] = [];
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const symbol = `${prefix}${seed}`;
      await addMarket(lab.dir, symbol, sort, 1_000 * seed);
      const found = await research(claude, symbol, ideas, killWorker);
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
