import { readFileSync } from "node:fs";
import type { Bar } from "../../../src/domain/market-data.ts";

const source = new URL("../../../node_modules/vega-datasets/data/sp500-2000.csv", import.meta.url);

/** Real S&P 500 daily bars before a date, oldest first. */
export function spxBarsBefore(date: string): readonly Bar[] {
  const lines = readFileSync(source, "utf8").trim().split("\n");
  return lines
    .slice(1)
    .map((line) => {
      const [time = "", , high, low, close] = line.split(",");
      return { time, high: Number(high), low: Number(low), close: Number(close) };
    })
    .filter((bar) => bar.time < date);
}

/** A strategy of the recordings, byte for byte. Its file ends in .txt so that the formatter leaves it alone. */
export const fixture = (name: string): string =>
  readFileSync(new URL(`./fixtures/${name}.yaml.txt`, import.meta.url), "utf8");
