/** Every kind of job. A new one is a file beside this one, and a line in the list. */
import { z } from "zod";
import type { Detail, Facts } from "../facts.ts";
import { isBranded, type Insistence } from "../insistence.ts";
import type { Stored } from "../stored.ts";
import { backtest } from "./backtest.ts";
import { batch } from "./batch.ts";
import { campaign } from "./campaign.ts";
import { dataLoad } from "./data-load.ts";
import type { Computing, Subject, Told } from "./define-kind.ts";
import { holdout } from "./holdout.ts";
import { measurement } from "./measurement.ts";
import { training } from "./training.ts";
import { walkForward } from "./walk-forward.ts";

export const KINDS = [training, backtest, dataLoad, batch, measurement, walkForward, campaign, holdout] as const;

type Kind = (typeof KINDS)[number];

export type JobKind = Kind["name"];
/** Kinds that occupy a slot of KTRDR. The others only wait for their jobs. */
export type SlotKind = Extract<Kind, { readonly computing: Computing }>["name"];

export const JobRequest = z.discriminatedUnion(
  "kind",
  of(({ request }) => request),
);
export const JobResult = z.discriminatedUnion(
  "kind",
  of(({ result }) => result),
);
export type JobRequest = Stored<Kind["request"]>;
export type JobResult = Stored<Kind["result"]>;
/** A request that occupies a slot and becomes one operation of KTRDR. */
export type ComputeRequest = Extract<JobRequest, { readonly kind: SlotKind }>;

function of<S>(pick: (kind: Kind) => S): [S, ...S[]] {
  const [first, ...others] = KINDS;
  return [pick(first), ...others.map(pick)];
}

/** A kind whose functions take requests and results of any kind: `kindOf` finds the one that fits. */
interface AnyKind extends Omit<
  Kind,
  "subject" | "summary" | "computations" | "insisted" | "headline" | "told" | "origin"
> {
  readonly subject: (request: JobRequest) => Subject;
  readonly summary: (request: JobRequest) => string;
  readonly computations: (request: JobRequest) => number;
  readonly insisted: (request: JobRequest) => readonly Insistence[];
  readonly headline: (result: JobResult) => string;
  readonly told: (result: JobResult, detail: Detail) => Told;
  readonly origin: (result: JobResult, request: JobRequest) => Facts;
}

const BY_NAME = new Map(KINDS.map((kind) => [kind.name as string, kind as unknown as AnyKind]));

export const JOB_KINDS = KINDS.map(({ name }) => name);
/** Kinds that are made of other jobs, and only wait for them. */
export const WAITING_KINDS = KINDS.filter(({ computing }) => computing === null).map(({ name }) => name);
/** Kinds that have a queue for slots of their own. */
export const SLOT_KINDS = KINDS.flatMap(({ name, computing }) =>
  computing === null || keeperOf(name as SlotKind) !== name ? [] : [name as SlotKind],
);

export function kindOf(name: JobKind): AnyKind {
  const found = BY_NAME.get(name);
  if (found === undefined) throw new Error(`There is no kind ${name}.`);
  return found;
}

export const computes = (request: JobRequest): request is ComputeRequest => kindOf(request.kind).computing !== null;

/** The kind whose queue a kind waits in. */
export function keeperOf(name: SlotKind): SlotKind {
  const kind = KINDS.find((one) => one.name === name);
  const computing: Computing | null = kind?.computing ?? null;
  return (computing?.slotsOf ?? name) as SlotKind;
}

/** The kind of the job with this id, by its beginning; null for an id that is none of ours. */
export const kindOfJob = (jobId: string): JobKind | null =>
  KINDS.find(({ prefix }) => jobId.startsWith(`${prefix}-`))?.name ?? null;

/** The kind of slot that the job with this id queues for; null when it needs none. */
export function slotKindOf(jobId: string): SlotKind | null {
  const found = KINDS.find(({ name }) => name === kindOfJob(jobId));
  return found === undefined || found.computing === null ? null : keeperOf(found.name);
}

export const kindOfWorkflow = (type: string): JobKind | null =>
  KINDS.find(({ workflow }) => workflow === type)?.name ?? null;

export function computingOf(name: SlotKind): Computing {
  const { computing } = kindOf(name);
  if (computing === null) throw new Error(`KTRDR computes no ${name}.`);
  return computing;
}

/** Whether nothing of a job may be told but how it ended. */
export const isSealed = ({ kind }: Pick<JobRequest, "kind">): boolean => {
  const computing: Computing | null = kindOf(kind).computing;
  return computing?.sealed === true;
};

/** What was insisted on in a request; for a batch, in any of its parts. */
export const insistedOn = (request: JobRequest): readonly Insistence[] => kindOf(request.kind).insisted(request);

/** A recorded headline as it may be read alone. @param inSample whether the days are among those the model was trained on */
export const honestHeadline = (line: string, inSample: boolean | "unknown"): string =>
  inSample === true ? `IN-SAMPLE, proves nothing: ${line}` : line;

/** One line for statuses, lists and operators. */
export const headline = (result: JobResult): string => {
  const line = kindOf(result.kind).headline(result);
  return isBranded(result) ? `LOOKS AHEAD, proves nothing: ${line}` : line;
};
