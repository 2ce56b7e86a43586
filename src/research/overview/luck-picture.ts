/** The course of luck as it is drawn: thinned out, since more points than pixels show nothing more. */
import type { LuckChart } from "../../charts/luck-chart.ts";
import type { Deps } from "../ports.ts";
import { barAt, type LuckCourse } from "./luck-course.ts";

const MOST_DOTS = 400;
const MOST_STEPS = 200;

/** @throws DomainError `database_unavailable` */
export async function luckPicture(deps: Deps, course: LuckCourse): Promise<LuckChart> {
  const { symbol, trials, best } = course;
  const dots = await deps.records.trials.dots(symbol, MOST_DOTS);
  const [first] = best;
  const numbers = first === undefined ? [] : numbersFrom(first.n, trials, new Set(best.map(({ n }) => n)));
  return {
    symbol,
    trials: [...dots, ...best].map((one) => ({
      n: one.n,
      sharpe: one.sharpe,
      counts: !("inSample" in one) || one.inSample !== true,
    })),
    steps: numbers.flatMap((n) => {
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
