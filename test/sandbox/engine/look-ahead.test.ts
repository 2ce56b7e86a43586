import { beforeAll, expect, test } from "vitest";
import { INDICATORS } from "../../../src/domain/indicators/catalogue.ts";
import { parseTime, sliceBars, type Bars } from "../../../sandbox/engine/bars.ts";
import { readBars } from "../../../sandbox/engine/price-file.ts";
import { computeIndicator } from "../../../sandbox/engine/indicators/registry.ts";
import { seedDataFolder } from "../../../sandbox/engine/market-data.ts";
import { temporaryFolder } from "./support.ts";

let spx: Bars;
beforeAll(async () => {
  await using folder = await temporaryFolder();
  await seedDataFolder(folder.path);
  spx = await readBars(folder.path, "SPX", "1d");
});

const OPTIONS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = { aroon: { include_oscillator: true } };
const FROM = parseTime("2007-01-03");

/** Whether two values differ. One of them may be missing. A difference by rounding does not count. */
const differ = (then: number, later: number): boolean =>
  Number.isNaN(then) ? !Number.isNaN(later) : !(Math.abs(then - later) <= 1e-9 * Math.max(1, Math.abs(then)));

/** Outputs whose values up to a day change once later days are known. */
function changedByLaterBars(type: string): string[] {
  const options = OPTIONS[type] ?? {};
  const ends = ["2008-10-10", "2009-03-09", "2010-05-06"].map(parseTime);
  const whole = computeIndicator(type, options, sliceBars(spx, FROM, parseTime("2010-12-31")));
  return Object.entries(whole).flatMap(([output, later]) =>
    ends.some((end) => {
      const then = computeIndicator(type, options, sliceBars(spx, FROM, end))[output] ?? new Float64Array(0);
      return then.some((value, at) => differ(value, later[at] ?? Number.NaN));
    })
      ? [output]
      : [],
  );
}

test.each(INDICATORS.map((definition) => [definition.type, definition] as const))(
  "%s over [a, t] and over [a, t + k] agree up to t, unless the catalogue says that it repaints",
  (type, { repaints = false }) => {
    const changed = changedByLaterBars(type);
    expect(changed.length > 0, changed.join()).toBe(repaints);
  },
);
