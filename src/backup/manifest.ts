import { z } from "zod";

/** Raised when an older version could misread what a newer one writes. */
export const FORMAT = 1;

/** What a backup says about itself; `manifest.json` in its folder. The checksums of all files lie beside it. */
export const ManifestSchema = z.strictObject({
  product: z.literal("ktrdr-mcp"),
  format: z.literal(FORMAT),
  /** Version of ktrdr-mcp that made it. */
  version: z.string(),
  /** The moment of the database's snapshot. ISO-8601 UTC. */
  takenAt: z.iso.datetime(),
  /** Names of the migrations that the database had. */
  schema: z.array(z.string()).min(1),
  /** In the order in which their rows can be inserted. */
  tables: z.array(
    z.strictObject({
      name: z.string(),
      columns: z.array(z.string()).min(1),
      rows: z.int().nonnegative(),
      /** Digest of all rows, independent of their order (src/store/row-digest.ts). */
      digest: z.string().regex(/^\d+$/),
    }),
  ),
  /** The last line of the ledger of trials; null when it was empty. */
  ledger: z
    .strictObject({ seq: z.int().positive(), hash: z.string().regex(/^[0-9a-f]{64}$/) })
    .nullable()
    .default(null),
  /** Null when no strategies folder was configured. */
  strategies: z
    .strictObject({
      files: z.array(z.string()),
      /** Links and folders in the strategies folder: only plain files are backed up. */
      leftOut: z.array(z.string()),
      /** Number of files of the strategies' history; 0 when an older version wrote the backup. */
      history: z.int().nonnegative().default(0),
    })
    .nullable(),
});

export type Manifest = Readonly<z.infer<typeof ManifestSchema>>;

export const MANIFEST_FILE = "manifest.json";
export const CHECKSUMS_FILE = "SHA256SUMS";
export const HISTORY_FILE = "history.jsonl.gz";
export const tableFile = (table: string): string => `database/${table}.jsonl.gz`;
export const strategyFile = (name: string): string => `strategies/${name}`;

/** A plain file name: no folder, nothing hidden, nothing that a list of checksums could not hold. */
// oxlint-disable-next-line no-control-regex -- they are what must not be in a name
export const isPlainName = (name: string): boolean => /^[^./\\\u0000-\u001f][^/\\\u0000-\u001f]{0,200}$/.test(name);
