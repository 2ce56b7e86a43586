/** The files that KTRDR keeps beside a model (docs/ktrdr.md §4.2), when its models folder is mounted here. */
import { hash } from "node:crypto";
import { constants } from "node:fs";
import { open, realpath } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";

export interface KeptModel {
  /** Null when it was trained on several symbols, or the folder does not tell. */
  readonly symbol: string | null;
  readonly timeframe: string | null;
  /** The strategy inside, as JSON, which is also YAML; null when it cannot be read. */
  readonly strategy: { readonly text: string; readonly sha256: string } | null;
}

export interface ModelFolder {
  /** @returns null when nothing can be read there. Never rejects. */
  read(modelPath: string): Promise<KeptModel | null>;
}

/** Bytes; a model's files are smaller. */
const LARGEST_FILE = 1024 * 1024;

const Metadata = z.looseObject({ timeframe: z.string().max(10) });
const MetadataV3 = z.looseObject({ training_symbols: z.array(z.string().max(50)) });

/** @param dir KTRDR's models folder; undefined when it is not mounted here */
export function createModelFolder(dir: string | undefined): ModelFolder {
  return {
    async read(modelPath) {
      const folder = dir === undefined ? null : await inside(dir, modelPath).catch(() => null);
      if (folder === null) return null;
      const [config, metadata, later] = await Promise.all(
        ["config.json", "metadata.json", "metadata_v3.json"].map((name) => textOf(path.join(folder, name))),
      );
      const symbols = parsed(MetadataV3, later)?.training_symbols ?? [];
      return {
        symbol: symbols.length === 1 ? (symbols[0] ?? null) : null,
        timeframe: parsed(Metadata, metadata)?.timeframe ?? null,
        strategy: config == null ? null : { text: config, sha256: hash("sha256", Buffer.from(config)) },
      };
    },
  };
}

/** The real folder of a model: `<timeframe>_latest` is a link. Null when it leads out of the models folder. */
async function inside(dir: string, modelPath: string): Promise<string | null> {
  const root = await realpath(dir);
  const folder = await realpath(path.join(root, ...modelPath.split("/").slice(1)));
  return folder.startsWith(root + path.sep) ? folder : null;
}

async function textOf(file: string): Promise<string | null> {
  try {
    await using handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const facts = await handle.stat();
    return facts.isFile() && facts.size <= LARGEST_FILE ? await handle.readFile("utf8") : null;
  } catch {
    return null;
  }
}

function parsed<T>(schema: z.ZodType<T>, text: string | null | undefined): T | null {
  try {
    return schema.parse(JSON.parse(text ?? "null"));
  } catch {
    return null;
  }
}
