import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkStrategy } from "../engine/strategy.ts";
import type { StrategyCheck } from "../engine/strategy.ts";
import type { StateFolder } from "../state/folder.ts";

/** A strategy file and what KTRDR would find in it. */
export interface StrategyFile {
  readonly name: string;
  readonly path: string;
  readonly text: string;
  readonly check: StrategyCheck;
}

/** The file with this stem; undefined when there is no such file or the stem has directory parts. */
export function readStrategyFile(folder: StateFolder, name: string): StrategyFile | undefined {
  if (/[/\\\0]/.test(name)) return undefined;
  const path = join(folder.strategies, `${name}.yaml`);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
  return { name, path, text, check: checkStrategy(text) };
}

/** The paths of all strategy files. KTRDR lists them all when one is not found (docs/ktrdr.md §9.17). */
export function strategyPaths(folder: StateFolder): string[] {
  return readdirSync(folder.strategies)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => join(folder.strategies, name));
}

/** All semantic errors in one text, as KTRDR sends them. */
export function semanticText(check: StrategyCheck): string {
  return `Strategy validation failed:\n${check.errors.map((one) => `  - ${one}`).join("\n")}`;
}
