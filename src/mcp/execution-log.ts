import { LRUCache } from "lru-cache";
import { isDomainError } from "../domain/errors.ts";
import { cappedArguments } from "../domain/tool-arguments.ts";
import type { Logger } from "../logger.ts";
import type { ExecutionLog, ToolExecution } from "../store/execution-log.ts";

const CAPACITY = 1_000;
const BATCH = 50;
/** Entries are written together, this much later, so that writing one does not slow the next call. */
const LINGER_MS = 100;
/** While the database is down it is asked this often, not once per call. */
const RETRY_AFTER_MS = 2_000;
/** At most so often the log of the server says that entries were dropped. */
const TELL_DROPS_EVERY_MS = 1_000;
/** Of a client that loops one refusal a second is kept: more would push out the entries of others. */
const REFUSALS = { ttl: 1_000, max: 1_000 } as const;

/** Arguments wait as text: as objects, a megabyte of empty lists would take fourteen. */
type Waiting = Omit<ToolExecution, "arguments"> & { readonly argumentsJson: string };

const packed = ({ arguments: given, ...entry }: ToolExecution): Waiting => ({
  ...entry,
  argumentsJson: JSON.stringify(cappedArguments(given)),
});

const unpacked = ({ argumentsJson, ...entry }: Waiting): ToolExecution => ({
  ...entry,
  arguments: JSON.parse(argumentsJson) as unknown,
});

export interface ExecutionQueue {
  /** Returns at once and never throws. */
  record(entry: ToolExecution): void;
  /** Waits until everything queued is written, or until `deadlineMs` is over. */
  flush(deadlineMs: number): Promise<void>;
  /** Number of entries that were dropped because the queue was full or the process ended. */
  readonly dropped: number;
}

/**
 * Buffers executions between the answer and the database, so that writing the log can neither delay nor break an
 * answer. Calls that were answered right before a SIGKILL are missing from the log. The buffer is limited: while the
 * database is down the oldest entries are dropped first, counted and logged. Of a client's calls of one tool that are
 * `rate_limited`, one a second is kept; the metrics count all.
 */
export function createExecutionQueue(
  log: Pick<ExecutionLog, "append">,
  logger: Logger,
  capacity = CAPACITY,
): ExecutionQueue {
  const waiting: Waiting[] = [];
  let dropped = 0;
  let draining: Promise<void> | null = null;
  let blockedUntil = 0;
  const floods = floodOfRefusals();
  let lingering: NodeJS.Timeout | null = null;

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      try {
        // One batch after the other: a burst of calls must not take the connections that the tools need.
        const batch = waiting.slice(0, BATCH);
        drop(await written(log, batch, logger));
        // The queue may have overflowed meanwhile: remove the written entries wherever they stand.
        const done = new Set(batch.map((entry) => entry.id));
        waiting.splice(0, waiting.length, ...waiting.filter((entry) => !done.has(entry.id)));
      } catch (error) {
        blockedUntil = Date.now() + RETRY_AFTER_MS;
        logger.warn({ err: error, waiting: waiting.length, dropped }, "tool executions cannot be recorded for now");
        return;
      }
    }
  }

  function start(): Promise<void> {
    if (lingering !== null) clearTimeout(lingering);
    lingering = null;
    draining ??= drain().finally(() => {
      draining = null;
    });
    return draining;
  }

  const tellDrops = sparingly(() => logger.warn({ dropped }, "tool executions were not recorded"));
  function drop(count: number): void {
    if (count === 0) return;
    dropped += count;
    tellDrops();
  }

  return {
    get dropped() {
      return dropped;
    },
    record(entry) {
      if (floods(entry)) return;
      waiting.push(packed(entry));
      if (waiting.length > capacity) {
        waiting.shift();
        drop(1);
      }
      lingering ??= setTimeout(() => void start(), Math.max(LINGER_MS, blockedUntil - Date.now()));
    },
    async flush(deadlineMs) {
      // Read at the end: a server that only lists its tools needs none of it.
      const { within } = await import("../within.ts");
      await within(start(), deadlineMs, () => undefined);
      if (waiting.length > 0) drop(waiting.splice(0).length);
    },
  };
}

/**
 * Writes entries together. When that fails, each is tried by itself, so that a bad one does not hold back the others.
 * @returns how many were dropped
 * @throws DomainError an error that concerns every entry, such as a database that is down
 */
async function written(log: Pick<ExecutionLog, "append">, batch: readonly Waiting[], logger: Logger): Promise<number> {
  try {
    await log.append(batch.map(unpacked));
    return 0;
  } catch (error) {
    if (isDomainError(error) && error.code !== "internal") throw error;
    if (batch.length === 1) {
      logger.warn({ err: error, tool: batch[0]?.tool }, "a tool execution cannot be recorded and is given up");
      return 1;
    }
    let given = 0;
    for (const entry of batch) given += await written(log, [entry], logger);
    return given;
  }
}

/** Whether an entry is a further `rate_limited` refusal of this client and tool within a second. */
function floodOfRefusals(): (entry: ToolExecution) => boolean {
  const told = new LRUCache<string, true>(REFUSALS);
  return ({ errorCode, identity, tool }) => {
    if (errorCode !== "rate_limited") return false;
    const which = JSON.stringify([identity?.name, tool]);
    if (told.has(which)) return true;
    told.set(which, true);
    return false;
  };
}

function sparingly(tell: () => void): () => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (performance.now() - toldAt < TELL_DROPS_EVERY_MS) return;
    toldAt = performance.now();
    tell();
  };
}
