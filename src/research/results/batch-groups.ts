/** The groups of a batch: draws of one strategy on one market, ranked as groups, never by a single draw. */
import { compact, rounded } from "../../domain/facts.ts";
import { luckInShort } from "../../domain/luck/run-luck.ts";
import type { Spread } from "../../domain/result.ts";
import { mean, spread, standardDeviation } from "../../domain/statistics.ts";
import { weighRuns, type WeighedRun } from "../jobs/luck-of.ts";
import type { Deps } from "../ports.ts";
import type { BatchRow } from "../../store/batches.ts";

const SHOWN_PLACES = 5;

/** The group that leads on each market and dates: groups are never ranked across them, and no single draw leads. */
export async function leadingOf(deps: Deps, rows: readonly BatchRow[]) {
  const known = rows.filter(({ sharpe, testAccuracy }) => sharpe !== null || testAccuracy !== null);
  const places = [...Map.groupBy(rankedGroups(known), ({ on }) => on)].slice(0, SHOWN_PLACES);
  const firsts = places.flatMap(([, groups]) => groups.slice(0, 1).map((first) => ({ first, groups })));
  const weighed = await weighedMiddles(
    deps,
    firsts.map(({ first }) => first),
    rows,
  );
  const leading = firsts.map(({ first, groups }) => ({
    on: first.on,
    ...groupFacts(first, weighed),
    ...compact({ only: groups.every(hasLost) ? "lost least: no strategy has a Sharpe above 0" : null }),
  }));
  const [only] = leading;
  if (only === undefined) return {};
  const { on: _place, ...alone } = only;
  return leading.length === 1 ? { leading: alone } : { leading_on_each: leading };
}

const hasLost = ({ figure: { middle, facts } }: RankedGroup): boolean =>
  "sharpe" in facts && middle !== null && middle <= 0;

interface RankedGroup {
  readonly on: string | null;
  readonly members: readonly BatchRow[];
  readonly figure: ReturnType<typeof spreadsOf>;
}

/**
 * The draws of one strategy on the same market, dates and training days. In each place those come first whose median is
 * the highest after one standard error is taken off: a single good draw does not lead.
 */
function rankedGroups(rows: readonly BatchRow[]): readonly RankedGroup[] {
  const groups = Map.groupBy(rows, (row) =>
    JSON.stringify([row.on, row.looksAhead, row.strategy, row.trainedOn, row.textSha256]),
  );
  const measured = [...groups.values()].map((members) => ({
    on: members[0]?.on ?? null,
    members,
    figure: spreadsOf(members),
  }));
  const typical = typicalDeviation(measured.map(({ figure }) => figure.values));
  // Without a trade there is no Sharpe ratio. The accuracy in its place is not ranked among those that have one.
  const bySharpe = measured.some(({ figure }) => "sharpe" in figure.facts);
  const cautious = ({ figure: { values, middle, facts } }: RankedGroup): number =>
    middle === null || (bySharpe && !("sharpe" in facts)) ? -Infinity : middle - errorOf(values, typical);
  return measured.toSorted((a, b) => placeOf(rows, a.members) - placeOf(rows, b.members) || cautious(b) - cautious(a));
}

/** One standard error of the median of some draws; of a single one by how far draws of the other groups scatter. */
const errorOf = (values: readonly number[], typical: number): number =>
  (values.length < 2 ? typical : standardDeviation(values)) / Math.sqrt(values.length);

/** How far the draws of one group scatter, by all groups that have several; 0 when none has. */
function typicalDeviation(groups: readonly (readonly number[])[]): number {
  const variances = groups.filter(({ length }) => length > 1).map((values) => standardDeviation(values) ** 2);
  return variances.length === 0 ? 0 : Math.sqrt(mean(variances));
}

/**
 * How far luck explains the run in the middle of each group, among all backtests of the symbols of all rows, shown or not.
 * Nothing while the record does not answer.
 */
async function weighedMiddles(
  deps: Deps,
  groups: readonly RankedGroup[],
  rows: readonly BatchRow[],
): Promise<ReadonlyMap<string, WeighedRun>> {
  const middles = groups.flatMap(({ members }) => middleRun(members)?.backtestJobId ?? []);
  return await weighRuns(
    deps,
    middles,
    rows.flatMap(({ symbol }) => symbol ?? []),
    "all symbols",
  ).catch(() => new Map<string, WeighedRun>());
}

/** The draw in the middle; of two the worse one. Any of them where none has a Sharpe ratio. */
function middleRun(members: readonly BatchRow[]): BatchRow | undefined {
  const sorted = members.filter(({ sharpe }) => sharpe !== null).toSorted((a, b) => (a.sharpe ?? 0) - (b.sharpe ?? 0));
  return sorted[Math.ceil(sorted.length / 2) - 1] ?? members[0];
}

function groupFacts({ members, figure }: RankedGroup, weighed: ReadonlyMap<string, WeighedRun>) {
  const middle = weighed.get(middleRun(members)?.backtestJobId ?? "");
  return {
    strategy: members[0]?.strategy ?? "?",
    draws: members.length,
    ...figure.facts,
    ...compact({
      luck: middle === undefined ? null : luckInShort(middle.luck),
      time_in_market: rounded(middle?.timeInMarket ?? null),
      trades: middleOf(members.map(({ trades }) => trades)),
      excess_sharpe: middleOf(members.map(({ excessSharpe }) => excessSharpe)),
      test_base_rate: "test_accuracy" in figure.facts ? middleOf(members.map(({ baseRate }) => baseRate)) : null,
      looks_ahead: members[0]?.looksAhead === true ? true : null,
    }),
  };
}

/** One row for each of the first groups, and how many more there are. */
export async function groupsOf(deps: Deps, rows: readonly BatchRow[], most: number) {
  const ranked = rankedGroups(rows);
  const several = new Set(ranked.map(({ on }) => on)).size > 1;
  const weighed = await weighedMiddles(deps, ranked.slice(0, most), rows);
  const groups = ranked.slice(0, most).map((group) => ({
    ...groupFacts(group, weighed),
    ...compact({
      on: several ? group.on : null,
      trained_on: several ? group.members[0]?.trainedOn : null,
    }),
  }));
  return { groups, more: ranked.length - groups.length };
}

const placeOf = (rows: readonly BatchRow[], [first]: readonly BatchRow[]): number =>
  rows.findIndex(({ on, looksAhead }) => on === first?.on && looksAhead === first?.looksAhead);

/** The spread of the Sharpe ratios or, for trainings alone, of their figures. */
function spreadsOf(members: readonly BatchRow[]) {
  const of = (pick: (row: BatchRow) => number | null) => spread(members.map(pick));
  const sharpe = of((row) => row.sharpe);
  const valuesOf = (pick: (row: BatchRow) => number | null) => members.map(pick).filter((value) => value !== null);
  if (sharpe !== null) {
    return { middle: sharpe.median, values: valuesOf((row) => row.sharpe), facts: { sharpe: spreadFacts(sharpe) } };
  }
  const accuracy = of((row) => row.testAccuracy);
  const named = members[0]?.regression === true ? "test_directional_accuracy" : "test_accuracy";
  const figures = {
    [named]: spreadFacts(accuracy),
    final_val_loss: spreadFacts(of((row) => row.finalValLoss)),
    final_val_accuracy: spreadFacts(of((row) => row.finalValAccuracy)),
    epochs: spreadFacts(of((row) => row.epochs)),
  };
  return { middle: accuracy?.median ?? null, values: valuesOf((row) => row.testAccuracy), facts: compact(figures) };
}

const spreadFacts = (values: Spread | null) =>
  values && { median: rounded(values.median), min: rounded(values.min), max: rounded(values.max) };

const middleOf = (values: readonly (number | null)[]): number | null => rounded(spread(values)?.median ?? null);
