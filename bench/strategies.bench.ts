/**
 * What a strategy's version costs, among STRATEGIES (200) files. A save is compared with the bare write of its file.
 * The first look at one strategy's versions is compared with the second, in a history of VERSIONS (2000) commits.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pino } from "pino";
import { EXAMPLE_NAME, EXAMPLE_STRATEGY } from "../src/domain/strategy/guide-example.ts";
import { createStrategyFolder } from "../src/strategies/strategy-folder.ts";
import { createStrategyLibrary } from "../src/strategies/strategy-library.ts";
import { HISTORY_FOLDER } from "../src/strategies/strategy-history.ts";
import { quantile, report } from "./support.ts";

const STRATEGIES = Number(process.env["STRATEGIES"] ?? 200);
const VERSIONS = Number(process.env["VERSIONS"] ?? 2_000);
const MEASURED = 60;
const BY = { author: "bench", reason: "measured", experimentId: null };

const dir = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-bench-"));
const folder = createStrategyFolder(dir);
const library = () => createStrategyLibrary(dir, folder, pino({ level: "silent" }));
const textOf = (name: string, n: number) => `${EXAMPLE_STRATEGY.replace(EXAMPLE_NAME, name)}# ${n}\n`;
const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const from = performance.now();
  await work();
  return performance.now() - from;
};

try {
  const names = Array.from({ length: STRATEGIES }, (_, at) => `strategy_${at}`);
  const one = library();
  await one.save(
    names.map((name) => ({ name, text: textOf(name, 0), replaces: null })),
    BY,
  );
  const saves: number[] = [];
  const writes: number[] = [];
  for (let n = 1; n <= VERSIONS; n += 1) {
    const name = names[n % STRATEGIES] ?? "strategy_0";
    const { sha256 } = await one.read(name);
    const save = async () => await one.save([{ name, text: textOf(name, n), replaces: sha256 }], BY);
    const took = await timed(save);
    if (n > VERSIONS - MEASURED) {
      saves.push(took);
      writes.push(await timed(async () => await folder.write("beside", textOf("beside", n), { overwrite: true })));
    }
  }
  const fresh = library();
  const first = await timed(async () => await fresh.versions("strategy_0"));
  const second = await timed(async () => await fresh.versions("strategy_0"));
  await rm(path.join(dir, HISTORY_FOLDER, "versions.jsonl"));
  const commits = await timed(async () => await library().versions("strategy_0"));
  const nothing = await timed(async () => await fresh.notice());
  const again = await timed(async () => await fresh.notice());
  const write = quantile(writes, 0.5);
  const row = (what: string, ms: number, than: number) => ({ what, ms: ms.toFixed(1), x: (ms / than).toFixed(2) });
  await report("strategies", [
    row("bare write of the file (median)", write, write),
    row("save as a version (median)", quantile(saves, 0.5), write),
    row(`versions of one, history of ${VERSIONS} read for the first time`, first, second),
    row("the same where only the commits are there", commits, second),
    row("versions of one, asked again", second, second),
    row(`looking for changes from outside in ${STRATEGIES} files, first`, nothing, again),
    row("looking again", again, again),
  ]);
} finally {
  await rm(dir, { recursive: true, force: true });
}
