import { setTimeout as delay } from "node:timers/promises";
import type { Claude } from "./claude.ts";
import type { ChaosRequest } from "./requests.ts";
import type { ChaosJob, Said } from "./truth.ts";

/** The time between two polls: short, so that every change is seen soon. */
const POLL_EVERY_MS = 120;
/** After a final answer the status is asked this many more times. It must not change. */
const ASK_AGAIN = 3;

/** What a client does about one job: it asks for the job, asks for its status until the end, and may cancel it. */
export class JobRun {
  readonly request: ChaosRequest;
  readonly said: Said[] = [];
  /** Answers that no circumstance excuses. */
  readonly faulty: string[] = [];
  cancelledMs: number | null = null;
  /** When an operator terminated it in Temporal; null: never. */
  terminatedMs: number | null = null;
  job: ChaosJob | null = null;
  /** The job's id as soon as it is seen on a wire, which is before the tool answers. */
  seenId: string | null = null;
  readonly #claude: Pick<Claude, "call">;
  readonly #signal: AbortSignal;

  constructor(claude: Pick<Claude, "call">, request: ChaosRequest, signal: AbortSignal) {
    this.#claude = claude;
    this.request = request;
    this.#signal = signal;
  }

  get taskId(): string | null {
    return this.job?.taskId ?? this.seenId;
  }

  /** Calls the tool until the job is accepted. Repeating is safe: the same request is the same job. */
  async ask(): Promise<ChaosJob> {
    const { tool, args, kind, endDate } = this.request;
    for (;;) {
      this.#signal.throwIfAborted();
      const reply = await this.#claude.call(tool, args);
      if (reply.kind === "answer") {
        this.job = { taskId: String(reply.facts["task_id"]), kind, endDate };
        return this.job;
      }
      if (reply.kind === "refusal" && !isOutage(reply.text)) this.faulty.push(`${tool}: ${reply.text.slice(0, 2_500)}`);
      await delay(POLL_EVERY_MS, undefined, { signal: this.#signal });
    }
  }

  /** Asks for the status until the job is over, and a little longer. @param onState called with each answer */
  async watch({ taskId }: ChaosJob, onState: (said: Said) => Promise<void>): Promise<void> {
    for (let finals = 0, turn = 0; finals <= ASK_AGAIN; turn += 1) {
      this.#signal.throwIfAborted();
      const said = await this.#status(taskId, turn % 4 === 3 ? 1 : 0);
      if (said !== null) {
        await onState(said);
        if (said.final) finals += 1;
      }
      await delay(POLL_EVERY_MS, undefined, { signal: this.#signal });
    }
  }

  async #status(taskId: string, waitSeconds: number): Promise<Said | null> {
    const askedMs = Date.now();
    const reply = await this.#claude.call("get_task_status", { task_id: taskId, wait_seconds: waitSeconds });
    if (reply.kind === "lost") return null;
    if (reply.kind === "refusal") {
      // No outage excuses this: the status tool must answer whatever is down.
      this.faulty.push(`get_task_status: ${reply.text.slice(0, 2_500)}`);
      return null;
    }
    const { state, final, percent, headline } = reply.facts;
    const said = {
      askedMs,
      answeredMs: Date.now(),
      state: String(state),
      final: final === true,
      percent: typeof percent === "number" ? percent : null,
      headline: String(headline),
    };
    this.said.push(said);
    return said;
  }

  /** Repeats the cancellation until it is accepted. Does not wait for the job's end. */
  async cancel(): Promise<void> {
    this.cancelledMs ??= Date.now();
    while (!this.#signal.aborted) {
      const taskId = this.job?.taskId;
      if (taskId !== undefined) {
        const reply = await this.#claude.call("cancel_task", { task_id: taskId, reason: "chaos" });
        if (reply.kind === "answer" && (reply.facts["final"] === true || reply.facts["state"] === "cancelling")) return;
        if (reply.kind === "refusal" && !isOutage(reply.text) && !reply.text.includes("task_not_found")) {
          this.faulty.push(`cancel_task: ${reply.text.slice(0, 2_500)}`);
        }
      }
      await delay(POLL_EVERY_MS, undefined, { signal: this.#signal }).catch(() => undefined);
    }
  }
}

const isOutage = (text: string): boolean => text.includes("-32001");

/** The states that a job went through, in order, without repeats. */
export const statesOf = (said: readonly Said[]): string[] =>
  said.map(({ state }) => state).filter((state, place, all) => state !== all[place - 1]);
