import { z } from "zod";
import { MEMORY_TABLES } from "../store/memory.ts";

/** Raised when an older version could misread what a newer one writes. */
export const MEMORY_FORMAT = 1;

const Head = z.strictObject({
  memory: z.literal("ktrdr-mcp"),
  format: z.number(),
  /** Version of ktrdr-mcp that wrote it. */
  version: z.string(),
  exportedAt: z.string(),
  /** Backtests of each symbol that the ledger counts; absent in files of older versions. */
  trials: z.record(z.string(), z.number()).optional(),
});

const RowLine = z.strictObject({ table: z.enum(MEMORY_TABLES), row: z.record(z.string(), z.unknown()) });

const StrategyLine = z.strictObject({
  strategy: z.string(),
  /** Null when this version removed the strategy. */
  text: z.string().nullable(),
  author: z.string(),
  reason: z.string().nullable(),
  experimentId: z.string().nullable(),
  at: z.string(),
});

/** The last line; a file without it was cut. */
const End = z.strictObject({ end: z.number() });

export const MemoryLine = z.union([Head, RowLine, StrategyLine, End]);

export type MemoryLine = z.infer<typeof MemoryLine>;
export type StrategyLine = z.infer<typeof StrategyLine>;
