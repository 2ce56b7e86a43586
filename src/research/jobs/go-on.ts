/** `train_model` with `resume_from`: goes on with a stopped training, as another job. */
import { DomainError } from "../../domain/errors.ts";
import { codesOf } from "../../domain/insistence.ts";
import { insistedOn } from "../../domain/kinds/index.ts";
import type { TrainingRequest } from "../../domain/kinds/training.ts";
import { checkBars } from "../strategies/bar-check.ts";
import { clear, type Checked, type Will } from "../strategies/clearance.ts";
import { readStrategy } from "../strategies/preflight.ts";
import { barsRead } from "../strategies/training-market.ts";
import type { Asking } from "../asking.ts";
import { resumableAfter, trainingOnRecord } from "./resume-training.ts";
import { startJob } from "./start-job.ts";

export interface GoOnWish extends Will {
  readonly resume_from: string;
  readonly strategy?: string | undefined;
  readonly start_date?: string | undefined;
  readonly end_date?: string | undefined;
  readonly symbol?: string | undefined;
  readonly symbols?: readonly string[] | undefined;
  readonly timeframe?: string | undefined;
  readonly repeats: number;
  readonly experiment_id?: string | undefined;
  readonly force_new_reason?: string | undefined;
}

/**
 * Starts the earlier job's request again from its checkpoint. Other arguments may only repeat that request.
 * @throws DomainError `invalid_input`, and those of a resumption and of a start
 */
export async function goOn(wish: GoOnWish, context: Asking) {
  const { deps, signal } = context;
  const [job, before] = await trainingOnRecord(deps, wish.resume_from);
  assertSame(wish, before);
  const request: TrainingRequest = { ...before, resumeFrom: wish.resume_from };
  let from = "";
  const started = await startJob(context, {
    request,
    forceReason: wish.force_new_reason ?? null,
    experimentId: wish.experiment_id,
    preflight: async () => {
      const epoch = await resumableAfter(deps, job, signal);
      from = ` It goes on after epoch ${epoch} of ${wish.resume_from}.`;
      const { warnings, insisted = [] } = clear(await newFindings(context, before, wish), wish);
      const all = [...(before.insisted ?? []), ...insisted];
      return { request: { ...request, ...(all.length === 0 ? {} : { insisted: all }) }, warnings };
    },
  });
  return started.existing ? started : { ...started, headline: `${started.headline}${from}` };
}

/** Findings about the bars, which KTRDR reads again, except those insisted on before. */
async function newFindings({ deps, signal }: Asking, before: TrainingRequest, will: Will): Promise<Checked[]> {
  const known = codesOf(insistedOn(before));
  const subjects: Checked[] = [];
  for (const read of barsRead(deps, await readStrategy(deps, before.strategy), before)) {
    const { subject } = await checkBars(deps, read, before, will, signal);
    subjects.push({ ...subject, findings: subject.findings.filter(({ code }) => !known.includes(code)) });
  }
  return subjects;
}

function assertSame(wish: GoOnWish, before: TrainingRequest): void {
  const named = wish.symbols ?? (wish.symbol === undefined ? undefined : [wish.symbol]);
  const pairs = [
    ["strategy", wish.strategy, before.strategy],
    ["start_date", wish.start_date, before.startDate],
    ["end_date", wish.end_date, before.endDate],
    ["timeframe", wish.timeframe, before.timeframe],
    [
      wish.symbols === undefined ? "symbol" : "symbols",
      named?.join(", "),
      (before.symbols ?? [before.symbol]).join(", "),
    ],
    ["repeats", String(wish.repeats), "1"],
  ] as const;
  const others = pairs.filter(([, given, was]) => given !== undefined && given !== was);
  if (others.length === 0) return;
  throw new DomainError("invalid_input", {
    what: "A training can only go on with its own request; these arguments ask for another one.",
    why: others.map(([name, given, was]) => `${name} is ${String(given)}, of ${wish.resume_from} ${was}`).join("; "),
    next: `give resume_from alone, or leave it out to train anew`,
  });
}
