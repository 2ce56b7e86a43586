import type { Engine } from "../domain/result.ts";
import type { TaskStatus } from "./task-status.ts";

/** The facts every answer about a job carries (fields.ts `statusFields`). */
export function statusFacts(jobId: string, { status, kind }: TaskStatus) {
  const { state, final, headline, next } = status;
  return { task_id: jobId, kind, state, final, headline, next };
}

/** The sandbox's versions carry its name already. */
export const engineText = ({ name, version }: Engine): string =>
  version.startsWith(name) ? version : `${name} ${version}`;

/**
 * Who computed the figures of an answer, in few words: whoever thinks of risking money on them must know it first.
 * Null where nothing was computed.
 */
export function enginesText(engines: readonly (Engine | null)[]): string | null {
  const known = engines.filter((engine) => engine !== null);
  const names = [...new Set(known.map(engineText))].toSorted();
  if (names.length === 0) return null;
  const practice = known.some(({ name }) => name === "sandbox")
    ? " (a small stand-in for KTRDR: practice figures)"
    : "";
  return `${names.join(", ")}${practice}`;
}
