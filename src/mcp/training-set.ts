import type { Work } from "../domain/time-left.ts";
import { timeLeft } from "./batch-facts.ts";
import type { Deps } from "./ports.ts";

/** More than KTRDR ever computes at once; the rest is queued and stands at 0 %. */
const LOOKED_AT = 4;

export interface SetProgress {
  /** Mean over all trainings of the set, 0..100. */
  readonly percent: number;
  /** Null while nothing tells the pace. */
  readonly etaSeconds: number | null;
  readonly counts: Readonly<Record<string, number>>;
}

/** How far the trainings of a set are; null when the record cannot be read. */
export async function trainingsOf(deps: Deps, setId: string): Promise<SetProgress | null> {
  const [set, children, pieces, now] = await Promise.all([
    deps.records.jobs.get(setId),
    deps.records.jobs.children(setId),
    deps.records.batches.pieces(setId),
    deps.now(),
  ]).catch(() => [null, null, [], new Date()] as const);
  if (set?.request.kind !== "training_set" || children === null) return null;
  const counts: Record<string, number> = { wanted: set.request.repeats };
  for (const { status } of children) counts[status] = (counts[status] ?? 0) + 1;
  const open = children.filter(({ status }) => status === "open").slice(0, LOOKED_AT);
  const views = await Promise.all(open.map(({ jobId }) => deps.jobs.view(jobId).catch(() => null)));
  const running = views.reduce((sum, view) => sum + (view?.pending?.progress?.percent ?? 0), 0);
  const ended = children.filter(({ status }) => status !== "open").length * 100;
  const { repeats } = set.request;
  const work: Work = { items: repeats, stages: ["training"], atOnce: repeats, kindOf: () => "" };
  const etaSeconds = timeLeft(work, pieces, now);
  return { percent: Math.round((ended + running) / repeats), etaSeconds, counts };
}
