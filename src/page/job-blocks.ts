/** What every job has: how it stands now, where it comes from, and what made it. */
import { knownOf } from "../domain/job-status.ts";
import { kindOf } from "../domain/kinds/index.ts";
import { jobInWebUi } from "../domain/web-ui.ts";
import type { TaskStatus } from "../research/jobs/task-status.ts";
import type { Deps } from "../research/ports.ts";
import { linesOf } from "./fact-blocks.ts";
import { experimentLink, runLink, strategyLink } from "./places.ts";
import { facts, separated, type Block } from "./view.ts";
import { lasting, moment } from "./words.ts";

type Facts = Readonly<Record<string, unknown>>;

export function nowOf({ status }: TaskStatus): Block {
  const { state, percent, step, position, etaSeconds } = status;
  return facts({
    state,
    percent: percent === null ? null : `${percent} %`,
    step,
    "place in the queue": position === null ? null : String(position),
    "time left": etaSeconds === null ? null : `about ${lasting(etaSeconds * 1_000)}`,
  });
}

/** @param told the answer about it; null while there is none */
export function originOf(deps: Deps, id: string, { record, kind }: TaskStatus, told: Facts | null): Block {
  const job = knownOf(record);
  const produced = (told?.["produced_by"] ?? {}) as Facts;
  const experiments = ((told?.["experiments"] ?? []) as readonly string[]).map((one) => experimentLink(one));
  const { temporalUi, temporalNamespace } = deps.links;
  const took = job === null || job.finishedAt === null ? null : Date.parse(job.finishedAt) - Date.parse(job.admittedAt);
  return facts({
    kind: kind === null ? null : kindOf(kind).name.replaceAll("_", " "),
    strategy: job?.strategy == null ? null : strategyLink(job.strategy),
    market: job?.symbol == null ? null : `${job.symbol} ${job.timeframe ?? ""}`,
    "part of": job?.parentJobId == null ? null : runLink(job.parentJobId),
    "asked for by": job?.client ?? null,
    "begun (UTC)": job === null ? null : moment(job.admittedAt),
    "ended (UTC)": job?.finishedAt == null ? null : moment(job.finishedAt),
    "took, with waiting": took === null ? null : lasting(took),
    ...linesOf(without(produced, ["strategy", "symbol", "timeframe"])),
    experiments: experiments.length === 0 ? null : separated(experiments),
    machinery:
      temporalUi === null ? null : { text: "in Temporal", href: jobInWebUi(temporalUi, temporalNamespace, id) },
  });
}

const without = (all: Facts, names: readonly string[]): Facts =>
  Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)));

/** A value to the letter. */
export const codeOf = (label: string, value: unknown): Block => ({
  kind: "code",
  label,
  text: JSON.stringify(value, null, 2),
});
