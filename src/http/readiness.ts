import type { Logger } from "../logger.ts";
import { partsUp } from "../research/health.ts";
import type { Deps } from "../research/ports.ts";

/** Callers within this time get the same answer: anybody may ask, and the parts must not be asked each time. */
const KEEP_MS = 1_000;

export interface Readiness {
  readonly ready: boolean;
  /** Nothing else is told, because anybody may ask. */
  readonly parts: Readonly<Record<string, "up" | "down">>;
  readonly missing: readonly string[];
}

/** Asks every part that a job needs; never rejects. */
export function createReadiness(deps: () => Promise<Deps>, log: Logger): () => Promise<Readiness> {
  let kept: { readonly at: number; readonly answer: Promise<Readiness> } | null = null;
  return async () => {
    if (kept === null || performance.now() - kept.at > KEEP_MS) {
      kept = { at: performance.now(), answer: readiness(await deps(), log) };
    }
    return await kept.answer;
  };
}

async function readiness(deps: Deps, log: Logger): Promise<Readiness> {
  const looks = Object.entries(await partsUp(deps, log));
  const missing = looks.flatMap(([part, { up }]) => (up ? [] : [part]));
  const parts = Object.fromEntries(looks.map(([part, { up }]) => [part, up ? "up" : "down"] as const));
  return { ready: missing.length === 0, parts, missing };
}
