/** Writes the whole memory of research as lines of JSON, and adds such a file to a place. */
import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { namesHoldout } from "../domain/holdout/symbol.ts";
import { plainJson } from "../domain/plain-text.ts";
import { takeInTrials } from "../store/ledger.ts";
import { learnWords } from "../store/insights.ts";
import { addRows, memoryRows, MEMORY_TABLES, type MemoryTable } from "../store/memory.ts";
import { withTransaction, type Pool, type Session } from "../store/pool.ts";
import { tablesOf, withSnapshot, type Table } from "../store/snapshot.ts";
import { MEMORY_FORMAT, MemoryLine, type StrategyLine } from "./memory-line.ts";

export type Counts = Readonly<Record<string, { readonly read: number; readonly added: number }>>;

interface ExportParts {
  readonly pool: Pool;
  /** Every version of every strategy, oldest first; empty when there is no folder. */
  readonly strategies: AsyncIterable<StrategyLine>;
  /** Version of ktrdr-mcp. */
  readonly version: string;
  readonly write: (line: string) => Promise<void>;
}

/**
 * Writes ended jobs, experiments, insights and strategies, while everything runs.
 * @returns how many lines of each kind
 */
export async function exportMemory({
  pool,
  strategies,
  version,
  write,
}: ExportParts): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  let lines = 0;
  const put = async (line: MemoryLine, kind: string): Promise<void> => {
    counts[kind] = (counts[kind] ?? 0) + 1;
    lines += 1;
    await write(`${plainJson(JSON.stringify(line))}\n`);
  };
  await withSnapshot(pool, async (snapshot) => {
    await write(
      `${JSON.stringify({ memory: "ktrdr-mcp", format: MEMORY_FORMAT, version, exportedAt: snapshot.at, trials: snapshot.trials })}\n`,
    );
    for await (const { table, row } of memoryRows(snapshot)) await put({ table, row }, table);
  });
  for await (const strategy of strategies) await put(strategy, "strategy_versions");
  await write(`${JSON.stringify({ end: lines })}\n`);
  return counts;
}

interface ImportParts {
  readonly pool: Pool;
  readonly lines: AsyncIterable<string>;
  /** Adds the versions of a strategy that has none here. @returns how many it added */
  readonly addVersions: (name: string, versions: readonly StrategyLine[]) => Promise<number>;
}

const AT_A_TIME = 200;

/**
 * Adds what a file has and this place lacks. What is there stays as it is. The rows are one transaction.
 * @throws DomainError `backup_unusable` when the file is no memory or was cut; then nothing is added
 */
export async function importMemory({ pool, lines, addVersions }: ImportParts): Promise<Counts> {
  const counts: Record<string, { read: number; added: number }> = {};
  const count = (kind: string, read: number, added: number): void => {
    const known = counts[kind] ?? { read: 0, added: 0 };
    counts[kind] = { read: known.read + read, added: known.added + added };
  };
  const versions = new Map<string, StrategyLine[]>();
  await withTransaction(pool, async (session) => {
    const pending = new Batches(session, await tablesOf(session), count);
    let seen = 0;
    let whole = false;
    const trials = new TrialsBrought();
    for await (const text of lines) {
      if (whole) throw unusable("It goes on after its last line.");
      const line = parsed(text);
      if ("memory" in line) {
        if (seen > 0 || line.format > MEMORY_FORMAT)
          throw unusable("It was written by a newer version, or is several files in one.");
        trials.claim(line.trials ?? {});
        continue;
      }
      if ("end" in line) {
        if (line.end !== seen) throw unusable(`It has ${seen} lines, and says that it has ${line.end}.`);
        whole = true;
        continue;
      }
      seen += 1;
      if (namesHoldout(line)) throw unusable("It names a holdout, which only its own place may do.");
      if ("table" in line) {
        trials.see(line.table, line.row);
        await pending.add(line.table, line.row);
      } else {
        const known = versions.get(line.strategy);
        if (known === undefined) versions.set(line.strategy, [line]);
        else known.push(line);
      }
    }
    if (!whole) throw unusable("Its end is missing: it was cut.");
    trials.assertAll();
    await pending.flush();
    await learnWords(session, null);
    const taken = await takeInTrials(session);
    if (taken > 0) count("trial_events", taken, taken);
  });
  for (const [name, all] of versions) count("strategy_versions", all.length, await addVersions(name, all));
  return counts;
}

const Tried = z.looseObject({
  kind: z.enum(["backtest", "walk_forward"]),
  symbol: z.string(),
  measures: z.string().optional(),
  walks: z.string().optional(),
  watches: z.string().optional(),
});

/** A memory must bring every backtest that its place had counted: fewer trials make luck look like skill. */
class TrialsBrought {
  #claimed: Readonly<Record<string, number>> = {};
  readonly #brought = new Map<string, number>();

  claim(trials: Readonly<Record<string, number>>): void {
    this.#claimed = trials;
  }

  see(table: MemoryTable, row: Readonly<Record<string, unknown>>): void {
    const tried = table === "results" ? Tried.safeParse(row["result"]).data : undefined;
    if (tried === undefined) return;
    if ((tried.measures ?? tried.walks ?? tried.watches) !== undefined) return;
    this.#brought.set(tried.symbol, (this.#brought.get(tried.symbol) ?? 0) + 1);
  }

  /** @throws DomainError `backup_unusable` */
  assertAll(): void {
    for (const [symbol, claimed] of Object.entries(this.#claimed)) {
      const brought = this.#brought.get(symbol) ?? 0;
      if (brought >= claimed) continue;
      throw unusable(`It counts ${claimed} backtests of ${symbol} and brings ${brought}: trials were left out.`);
    }
  }
}

/** Collects rows of one table at a time, and writes them before the next table begins. */
class Batches {
  readonly #session: Session;
  readonly #tables: readonly Table[];
  readonly #count: (kind: string, read: number, added: number) => void;
  #table: MemoryTable | null = null;
  #rows: Readonly<Record<string, unknown>>[] = [];

  constructor(session: Session, tables: readonly Table[], count: (kind: string, read: number, added: number) => void) {
    this.#session = session;
    this.#tables = tables;
    this.#count = count;
  }

  async add(table: MemoryTable, row: Readonly<Record<string, unknown>>): Promise<void> {
    if (table !== this.#table || this.#rows.length >= AT_A_TIME) await this.flush();
    if (this.#table !== null && MEMORY_TABLES.indexOf(table) < MEMORY_TABLES.indexOf(this.#table)) {
      throw unusable("Its tables are not in order.");
    }
    this.#table = table;
    this.#rows.push(row);
  }

  async flush(): Promise<void> {
    if (this.#table === null || this.#rows.length === 0) return;
    const added = await addRows(this.#session, this.#tables, this.#table, this.#rows).catch((error: unknown) => {
      if (error instanceof DomainError && error.code === "database_unavailable") throw error;
      throw unusable(`Rows of ${this.#table} do not fit.`, error);
    });
    this.#count(this.#table, this.#rows.length, added);
    this.#rows = [];
  }
}

function parsed(text: string): MemoryLine {
  try {
    return MemoryLine.parse(JSON.parse(text));
  } catch (error) {
    throw unusable("It has a line that does not belong into a memory.", error);
  }
}

const unusable = (why: string, cause?: unknown): DomainError =>
  new DomainError("backup_unusable", {
    what: "This file is not a complete memory of ktrdr-mcp; nothing was added.",
    why,
    next: "Export it again with ktrdr-mcp export-memory.",
    ...(cause === undefined ? {} : { cause }),
  });
