/** The course of luck as it is drawn: thinned out, since more points than pixels show nothing more. */
import type { LuckChart } from "../../charts/luck-chart.ts";
import { barAt, type LuckCourse } from "./luck-course.ts";

const MOST_DOTS = 400;
const MOST_STEPS = 200;

export function luckPicture({ symbol, trials, best }: LuckCourse): LuckChart {
  const dots = trials.flatMap(({ sharpe, inSample }, at) =>
    sharpe === null ? [] : [{ n: at + 1, sharpe, counts: inSample !== true }],
  );
  const records = new Set(best.map(({ n }) => n));
  const every = Math.ceil(dots.length / MOST_DOTS);
  const [first] = best;
  const wanted = first === undefined ? [] : numbersFrom(first.n, trials.length, records);
  return {
    symbol,
    trials: dots.filter(({ n }, at) => at % every === 0 || records.has(n)),
    steps: wanted.flatMap((n) => {
      const leader = best.findLast((one) => one.n <= n);
      return leader === undefined ? [] : [{ n, best: leader.sharpe, bar: barAt(n, leader) }];
    }),
  };
}

/** Trials from one to the last, thinned out, with all that set a new best. */
function numbersFrom(first: number, last: number, records: ReadonlySet<number>): number[] {
  const every = Math.max(1, Math.ceil((last - first) / MOST_STEPS));
  const some = Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, at) => first + at * every);
  return [...new Set([...some, ...records, last])].toSorted((a, b) => a - b);
}
