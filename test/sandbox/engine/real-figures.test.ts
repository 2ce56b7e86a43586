import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { type Bars } from "../../../sandbox/engine/bars.ts";
import { readBars } from "../../../sandbox/engine/price-file.ts";
import { computeIndicator } from "../../../sandbox/engine/indicators/registry.ts";
import { makeLabels } from "../../../sandbox/engine/labels.ts";
import { seedDataFolder } from "../../../sandbox/engine/market-data.ts";
import { performanceFigures } from "../../../sandbox/engine/performance-figures.ts";
import { temporaryFolder } from "./support.ts";

/** What the real KTRDR's own functions answered on the sandbox's price files; README.md there tells the format. */
const figures = new URL("../../fixtures/ktrdr-real/", import.meta.url);

async function read<Item>(name: string): Promise<Item[]> {
  return JSON.parse(await readFile(new URL(name, figures), "utf8")) as Item[];
}

interface BarsNamed {
  readonly symbol: string;
  readonly timeframe: string;
  readonly from: number;
  readonly count: number;
}

interface IndicatorCase {
  readonly bars: BarsNamed;
  readonly type: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly error?: string;
  readonly outputs: Readonly<
    Record<string, { readonly nan: number; readonly sum: number; readonly at: Readonly<Record<string, number | null>> }>
  >;
}

interface LabelCase {
  readonly bars: BarsNamed;
  readonly labels: Readonly<Record<string, unknown>>;
  readonly count: number;
  readonly trained_on?: string;
}

interface PerformanceCase {
  readonly case: string;
  readonly initial_capital: number;
  readonly start: string;
  readonly end: string;
  readonly equity: readonly number[];
  readonly metrics: Readonly<Record<string, number>>;
}

const series = new Map<string, Bars>();

beforeAll(async () => {
  await using folder = await temporaryFolder();
  await seedDataFolder(folder.path);
  for (const symbol of ["SPX", "SYNTREND", "SYNNOISE"]) series.set(symbol, await readBars(folder.path, symbol, "1d"));
  series.set("SYNHOURLY", await readBars(folder.path, "SYNHOURLY", "1h"));
});

function named({ symbol, from, count }: BarsNamed): Bars {
  const bars = series.get(symbol);
  if (bars === undefined) throw new Error(`no series ${symbol}`);
  const cut = (column: Float64Array): Float64Array => column.slice(from, from + count);
  return {
    length: Math.min(count, bars.length - from),
    time: cut(bars.time),
    open: cut(bars.open),
    high: cut(bars.high),
    low: cut(bars.low),
    close: cut(bars.close),
    volume: cut(bars.volume),
  };
}

const isNear = (own: number, real: number, tolerance: number): boolean =>
  Math.abs(own - real) <= tolerance * Math.max(1, Math.abs(real));

describe("every output of every indicator is the real one's", async () => {
  const cases = (await read<IndicatorCase>("indicators.json")).filter((one) => one.error === undefined);
  test.each(cases)("$type $params on $bars.symbol", ({ bars, type, params, outputs }) => {
    const own = computeIndicator(type, params, named(bars));
    for (const [output, real] of Object.entries(outputs)) {
      const mine = output === "value" ? Object.values(own)[0] : own[output];
      if (mine === undefined) throw new Error(`no output ${output} in ${Object.keys(own).join(", ")}`);
      expect([output, mine.filter(Number.isNaN).length]).toEqual([output, real.nan]);
      for (const [place, value] of Object.entries(real.at)) {
        const found = mine[Number(place)] ?? Number.NaN;
        const isEqual = value === null ? Number.isNaN(found) : isNear(found, value, 1e-6);
        expect([output, place, isEqual ? value : found]).toEqual([output, place, value]);
      }
    }
  });
});

describe("labels are the real one's, bar by bar", async () => {
  test.each(await read<LabelCase>("labels.json"))("$labels on $bars.symbol", ({ bars, labels, count, trained_on }) => {
    const { values } = makeLabels(labels, named(bars));
    expect(values).toHaveLength(count);
    if (trained_on !== undefined) expect(values.join("")).toBe(trained_on);
  });
});

test.each(await read<PerformanceCase>("performance.json"))("figures of the equity curve $case", (real) => {
  const window = { from: Date.parse(real.start), to: Date.parse(real.end) };
  const own: Record<string, number> = {
    ...performanceFigures(Float64Array.from(real.equity), [], real.initial_capital, window),
  };
  for (const [name, value] of Object.entries(real.metrics)) {
    expect([name, isNear(own[name] ?? Number.NaN, value, 1e-6) ? value : own[name]]).toEqual([name, value]);
  }
});
