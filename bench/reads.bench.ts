/**
 * Compares reads of ranges and bars from KTRDR's price files with the same reads from its API, cached and not, in one
 * run. The series are the sandbox's own of 5105 bars, and one of a million bars.
 */
import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startSandbox } from "../sandbox/launch.ts";
import { createCachedReads, type CachedReads } from "../src/ktrdr/cached-reads.ts";
import { createKtrdr, type Ktrdr } from "../src/ktrdr/ktrdr.ts";
import { createPriceFiles } from "../src/ktrdr/price-files.ts";
import { createLogger } from "../src/logger.ts";
import { inTurn, quantile, report } from "./support.ts";

const SERIES = [
  { symbol: "SPX", timeframe: "1d", rounds: 100 },
  { symbol: "SYNHUGE", timeframe: "1m", rounds: 5 },
] as const;
const MILLION = 1_000_000;

const rows: Record<string, string | number>[] = [];

/** A million bars, 58 MB, the size of two years of minutes. */
async function writeHuge(file: string): Promise<void> {
  const lines = ["timestamp,open,high,low,close,volume"];
  for (let index = 0; index < MILLION; index += 1) {
    const at = new Date(Date.UTC(2000, 0, 1) + index * 60_000).toISOString().slice(0, 19);
    const price = 1_000 + (index % 977) / 8;
    lines.push(`${at}Z,${price},${price + 1.25},${price - 0.5},${price + 0.5},${1_000_000 + index}`);
  }
  await writeFile(file, `${lines.join("\n")}\n`);
}

async function measure(ktrdr: Ktrdr, data: string): Promise<void> {
  const log = createLogger("bench", "warn");
  for (const { symbol, timeframe, rounds } of SERIES) {
    const files = createPriceFiles(data, log);
    const known = createCachedReads(ktrdr);
    const questions = {
      range: (reads: CachedReads) => reads.range(symbol, timeframe),
      "newest 500 bars": (reads: CachedReads) => reads.bars(symbol, timeframe, { limit: 500 }),
    };
    const first = performance.now();
    await files.range(symbol, timeframe);
    const firstMs = performance.now() - first;
    for (const [what, ask] of Object.entries(questions)) {
      const fromFiles = createCachedReads(ktrdr, { files });
      await ask(known);
      await ask(fromFiles);
      const taken = await inTurn(rounds, {
        file: () => ask(fromFiles),
        api: () => ask(createCachedReads(ktrdr)),
        cached: () => ask(known),
      });
      const [file, api, cached] = [taken.file, taken.api, taken.cached].map((values) => quantile(values, 0.5));
      rows.push({
        what: `${what}, ${symbol} ${timeframe}`,
        "file (ms, median)": file ?? 0,
        "file, first read of a content (ms)": Math.round(firstMs * 100) / 100,
        "API (ms, median)": api ?? 0,
        "API, cached (ms, median)": cached ?? 0,
        "API / file": Math.round((api ?? 0) / (file ?? 1)),
      });
    }
  }
}

const state = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-reads-"));
const sandbox = await startSandbox({ stateDir: state, trainingWorkers: 0, backtestWorkers: 0 });
const ktrdr = createKtrdr({ baseUrl: sandbox.url, requestTimeoutMs: 60_000 });
try {
  const data = path.join(state, "data");
  await writeHuge(path.join(data, "SYNHUGE_1m.csv"));
  // A file that was written a moment ago is not trusted.
  const before = new Date(Date.now() - 60_000);
  for (const { symbol, timeframe } of SERIES)
    await utimes(path.join(data, `${symbol}_${timeframe}.csv`), before, before);
  await measure(ktrdr, data);
  await report("reads", rows);
} finally {
  ktrdr.close();
  await sandbox.stop();
  await rm(state, { recursive: true, force: true });
}
