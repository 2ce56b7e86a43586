/**
 * What Temporal's Web UI shows as the details of our workflows (Markdown). A worker answers with those of an open
 * workflow when it is asked; they are no events. What others wrote stands in them as code. Each has at most 1,000
 * characters: the Web UI has them rendered by an address that holds them.
 */
import type { ManyRequest } from "./batch.ts";
import type { LiveJobState } from "./job.ts";
import type { SlotKind } from "./kinds/index.ts";
import type { Stage } from "./registry/stage.ts";
import { markdownCode } from "./plain-text.ts";

type Row = readonly [name: string, value: string | null];

/** A table of two columns. A row whose value is null is left out. */
export const markdownTable = (rows: readonly Row[]): string =>
  ["| | |", "|---|---|", ...rows.flatMap(([name, value]) => (value === null ? [] : [`| ${name} | ${value} |`]))].join(
    "\n",
  );

const page = (now: string, rows: readonly Row[]): string => `${now}\n\n${markdownTable(rows)}`;

/** Ids and texts of others, so long that the page keeps its size. */
const NAME_CHARS = 100;
const LIST_CHARS = 160;

/** As many ids as there is room for, at least one; null for none. */
function listed(ids: readonly string[]): string | null {
  let text = "";
  for (const [at, id] of ids.entries()) {
    const longer = `${text}${text === "" ? "" : ", "}${markdownCode(id, NAME_CHARS)}`;
    if (at > 0 && longer.length > LIST_CHARS) return `${text} and ${ids.length - at} more`;
    text = longer;
  }
  return text === "" ? null : text;
}

type Phase = LiveJobState["phase"];

const PHASES: Readonly<Record<Phase, string>> = {
  queued:
    "**Queued**: it computes nothing. It starts when KTRDR has a free worker and it is first in line (`slotState`).",
  starting: "**Starting** at KTRDR.",
  running: "**Computing** at KTRDR. How far it is: *Pending Activities*, last heartbeat.",
  stopping: "**Stopping**: it ends when KTRDR's worker is seen idle.",
  recording: "**Recording** how it ended.",
  closed: "Recorded.",
};

/** While it can be cancelled. */
const isStoppable = (phase: Phase): boolean => phase === "queued" || phase === "starting" || phase === "running";

const CANCEL = "*Request Cancellation* (a button, or in **More Actions**).";

export interface JobNow {
  readonly phase: Phase;
  readonly client: string;
  readonly computation: number;
  readonly maxComputations: number;
  readonly operationId: string | null;
}

/** A job that KTRDR computes. Its workflow does not know the percent, which would cost events: the heartbeat does. */
export const jobDetails = ({ phase, client, computation, maxComputations, operationId }: JobNow): string =>
  page(PHASES[phase], [
    ["asked by", markdownCode(client, NAME_CHARS)],
    ["computation", `${computation} of at most ${maxComputations}`],
    ["KTRDR's operation", operationId === null ? null : markdownCode(operationId, NAME_CHARS)],
    ["to stop it", isStoppable(phase) ? `${CANCEL} *Pause Workflow* lets KTRDR compute on.` : null],
  ]);

export interface ManyNow {
  readonly jobId: string;
  readonly kind: ManyRequest["kind"];
  readonly phase: Phase;
  readonly client: string;
  readonly items: number;
  readonly ended: number;
  /** Of those that ended. */
  readonly failed: number;
  /** Begun and not ended. */
  readonly open: number;
  readonly maxFailures: number;
  readonly cancelled: boolean;
}

/** A batch, a measurement or a walk-forward. */
export function manyDetails(now: ManyNow): string {
  const { jobId, kind, phase, client, items, ended, failed, open, maxFailures, cancelled } = now;
  const what = kind === "measurement" ? "prefixes" : "items";
  const running = phase === "running";
  const percent = Math.floor((100 * ended) / Math.max(1, items));
  return page(running ? doing(failed > maxFailures, cancelled) : PHASES[phase], [
    ["asked by", markdownCode(client, NAME_CHARS)],
    [what, `${ended} of ${items} have ended (${percent} %), ${failed} failed, ${open} compute or wait`],
    ["it gives up", `when more than ${maxFailures} have failed`],
    ["its jobs", `are listed by ${markdownCode(`ParentWorkflowId = '${jobId}'`, 2 * NAME_CHARS)}`],
    [
      "to stop it",
      running && !cancelled ? `${CANCEL} Its jobs are cancelled, too. *Pause Workflow* only begins no others.` : null,
    ],
  ]);
}

export interface CampaignNow {
  readonly jobId: string;
  readonly phase: Phase;
  readonly client: string;
  /** 0-based number of the step, and what it does; null while it is planned. */
  readonly step: number;
  readonly stage: string | null;
  /** Jobs of the step, and those of them that ended. */
  readonly jobs: number;
  readonly ended: number;
  readonly cancelled: boolean;
  readonly trainings: number;
  readonly trials: number;
}

/** A campaign. */
export function campaignDetails(now: CampaignNow): string {
  const { jobId, phase, client, step, stage, jobs, ended, cancelled, trainings, trials } = now;
  const running = phase === "running";
  return page(running ? doing(false, cancelled) : PHASES[phase], [
    ["asked by", markdownCode(client, NAME_CHARS)],
    ["step", `${step + 1}: ${stage ?? "being planned"}`],
    ["jobs of the step", `${ended} of ${jobs} have ended`],
    ["it may use", `${trainings} trainings and ${trials} trials`],
    ["its jobs", `are listed by ${markdownCode(`ParentWorkflowId = '${jobId}'`, 2 * NAME_CHARS)}`],
    [
      "to stop it",
      running && !cancelled ? `${CANCEL} Its jobs are cancelled, too. *Pause Workflow* only begins no others.` : null,
    ],
  ]);
}

function doing(givesUp: boolean, cancelled: boolean): string {
  if (cancelled) return "**Stopping**: its jobs are being cancelled.";
  return givesUp ? "**Giving up**: it begins no others, and waits for those that are open." : "**Computing**.";
}

export interface KeeperNow {
  readonly kind: SlotKind;
  /** Jobs that have a slot, without those that are being settled. */
  readonly held: readonly string[];
  readonly settling: readonly string[];
  /** In the order they are served. */
  readonly queue: readonly string[];
  /** Why the first of them waits; empty when none does. */
  readonly waitingFor: string;
}

/** A slot keeper. */
export const keeperDetails = ({ kind, held, settling, queue, waitingFor }: KeeperNow): string =>
  page(`Slots of **${kind}**: ${held.length + settling.length} taken, ${queue.length} waited for.`, [
    ["have a slot", listed(held)],
    ["closed, being stopped", listed(settling)],
    ["wait, in this order", listed(queue)],
    ["the first waits because", waitingFor === "" ? null : markdownCode(waitingFor, NAME_CHARS)],
    ["what to do", LEAVE_KEEPER],
  ]);

const LEAVE_KEEPER =
  "Nothing: cancel a job, not its keeper. It ends by itself. One that was ended is started again; while it is *paused*, no job starts.";

/** What a keeper is, for those who look while no worker of ours answers. */
export const KEEPER_IS = `Gives each of KTRDR's workers to one job at a time. ${LEAVE_KEEPER}`;

/** @param at when the last look ended (ISO-8601 UTC); null before the first */
export const wardenDetails = (looks: number, at: string | null): string =>
  page("**Looks every 30 seconds** for jobs that were terminated or lost, and for keepers that are missing.", [
    ["looks of this warden", `${looks}`],
    ["the last ended", at],
    ["what to do", LEAVE_WARDEN],
  ]);

const LEAVE_WARDEN =
  "Nothing: one that was ended is followed by another within 30 seconds. While it is *paused*, nobody looks.";

export const WARDEN_IS = `Settles abandoned jobs and revives a terminated slot keeper. ${LEAVE_WARDEN}`;

export interface ApprovalNow {
  readonly jobId: string;
  readonly round: number;
  readonly stage: Stage;
  readonly over: boolean;
  /** ISO-8601 UTC. */
  readonly until: string;
}

/** The wait of a candidate. */
export const approvalDetails = ({ jobId, round, stage, over, until }: ApprovalNow): string =>
  page(over ? `It waits no longer: it is **${stage}**.` : "**Waiting** for a human.", [
    ["candidate", markdownCode(jobId, NAME_CHARS)],
    ["wait", `${round}`],
    ["expires", over ? null : until],
    ["what to do", over ? null : LEAVE_APPROVAL],
  ]);

const LEAVE_APPROVAL =
  "Decide with `ktrdr-mcp approve` or `ktrdr-mcp reject`, or on the page. A signal from here decides nothing, and one that was terminated is started again.";

export interface WatchNow extends Omit<ApprovalNow, "until"> {
  /** ISO-8601 UTC. */
  readonly next: string;
  /** The backtest that it makes; null while none is due. */
  readonly computes: string | null;
}

/** The watch of a champion. */
export const watchDetails = ({ jobId, round, stage, over, next, computes }: WatchNow): string =>
  page(over ? `It watches no longer: it is **${stage}**.` : "**Watches** the days after an approval, once a month.", [
    ["champion", markdownCode(jobId, NAME_CHARS)],
    ["approved in wait", `${round}`],
    ["computes", computes === null ? null : markdownCode(computes, NAME_CHARS)],
    ["looks next", over || computes !== null ? null : next],
    ["what to do", over ? null : LEAVE_WATCH],
  ]);

const LEAVE_WATCH =
  "Nothing: it ends when the champion does, at its next look. One that was terminated is started again within 30 seconds.";

export const WATCH_IS = `Looks each month at the days after a champion's approval. ${LEAVE_WATCH}`;

export const APPROVAL_IS = `A candidate that waits for a human. ${LEAVE_APPROVAL}`;
