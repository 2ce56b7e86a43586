import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { until } from "../../lab/until.ts";
import type { SlotKind } from "../../src/domain/kinds/index.ts";
import { Books } from "./books.ts";
import type { ChaosLab } from "./chaos-lab.ts";
import type { Claude } from "./claude.ts";
import { Complaints } from "./complaints.ts";
import { Injector } from "./inject.ts";
import { brokenInvariants, limitsMet, twinsAmong } from "./invariants.ts";
import { JobRun, statesOf } from "./job-run.ts";
import type { Requests } from "./requests.ts";
import type { Scenario } from "./scenario.ts";
import { LogTail, readWires, Steps } from "./steps.ts";
import { checkpointedAmong, computingOf, concerns, finished, resultInBooks, type Said, type Truth } from "./truth.ts";

export interface Stage {
  readonly chaos: ChaosLab;
  readonly claude: Claude;
  readonly requests: Requests;
}

export interface RunReport {
  readonly scenario: Scenario;
  readonly broken: readonly string[];
  /** Limits of KTRDR's API that the run met. */
  readonly limits: readonly string[];
  /** Strikes that were carried out. The steps of the others were never reached. */
  readonly struck: readonly string[];
  readonly states: readonly string[];
  readonly outcome: string;
  readonly durationMs: number;
}

/** How long a job may take once nothing disturbs it any more. */
const BOUND_MS = 120_000;

/** Computing that is slow enough for something to happen meanwhile. */
const slow = (pace: number) =>
  [
    { id: "slow-training", fault: "slow_computing", kind: "training", epochDelayMs: 45 * pace },
    { id: "slow-backtest", fault: "slow_computing", kind: "backtesting", barDelayMs: 3 * pace },
    { id: "slow-load", fault: "slow_computing", kind: "data_load", stepDelayMs: 250 * pace },
  ] as const;

const HOLD = { id: "hold", fault: "computing_stalls", percent: 50 } as const;

/** Carries a scenario out and checks it from outside. Whatever the product does wrong is reported, not thrown. */
export async function perform(stage: Stage, scenario: Scenario): Promise<RunReport> {
  const begun = Date.now();
  const over = new AbortController();
  const performance = new Performance(stage, scenario, over.signal);
  let broken: string[];
  try {
    broken = await performance.run(over);
  } catch (error) {
    broken = [`run broke off: ${error instanceof Error ? error.message : String(error)}`];
  } finally {
    over.abort();
    await performance.close();
  }
  const { said } = performance.main;
  return {
    scenario,
    broken,
    limits: performance.limits,
    struck: performance.injector.done,
    states: statesOf(said),
    outcome: said.at(-1)?.state ?? "nothing said",
    durationMs: Date.now() - begun,
  };
}

class Performance {
  readonly main: JobRun;
  readonly injector: Injector;
  readonly limits: string[] = [];
  readonly #stage: Stage;
  readonly #scenario: Scenario;
  readonly #steps = new Steps();
  readonly #signal: AbortSignal;
  readonly #complaints: Complaints;
  #tail: LogTail | null = null;

  constructor(stage: Stage, scenario: Scenario, signal: AbortSignal) {
    this.#stage = stage;
    this.#scenario = scenario;
    this.#signal = signal;
    this.#complaints = new Complaints(stage.chaos.lab.dir);
    this.main = new JobRun(stage.claude, stage.requests.next(scenario.kind), signal);
    this.injector = new Injector(stage.chaos, stage.claude, this.main);
  }

  async close(): Promise<void> {
    this.#tail?.close();
    await this.injector.end();
  }

  async run(over: AbortController): Promise<string[]> {
    const { chaos } = this.#stage;
    await chaos.calm();
    const { pace, holdUntil } = this.#scenario;
    chaos.faults.replace([...slow(pace ?? 1), ...(holdUntil === undefined ? [] : [HOLD])]);
    await this.injector.prepare(this.#scenario.strikes);
    const blocker = this.#scenario.behind ? await this.#startBlocker() : null;
    this.#prepare();
    await this.#steps.report("before_call");
    const runs = [this.main, ...(blocker === null ? [] : [blocker])];
    void this.#bound(over);
    const followed = await Promise.all(
      runs.map(
        async (run) =>
          await this.#follow(run).then(
            () => null,
            (error: unknown) => error,
          ),
      ),
    );
    await this.injector.calm();
    const failed = followed.find((error) => error !== null);
    if (failed !== undefined && over.signal.aborted) {
      return [`not over ${BOUND_MS / 1_000} s after the last disturbance: ${describe(this.main.said.at(-1))}`];
    }
    if (failed !== undefined) throw failed;
    const broken = (await Promise.all(runs.map(async (run) => await this.#judge(run)))).flat();
    if (this.#scenario.followUp) broken.push(...(await this.#runFollowUp()));
    return broken;
  }

  /** Plans every strike for its step, then listens for the steps. */
  #prepare(): void {
    const { chaos } = this.#stage;
    for (const strike of this.#scenario.strikes) this.#steps.plan(strike.at, () => this.injector.strike(strike));
    const { cancelAt, holdUntil } = this.#scenario;
    if (holdUntil !== undefined) {
      this.injector.ktrdrDisturbedMs = Date.now();
      // Planned last, so that it comes after everything that strikes at the same step.
      this.#steps.plan(holdUntil, async () => chaos.faults.remove(HOLD.id));
    }
    if (cancelAt !== null) {
      // The cancellation is not waited for: it needs the bytes that are held back until this returns.
      this.#steps.plan(cancelAt, async () => void this.main.cancel());
    }
    chaos.onReady = (part) => {
      if (part === "worker") void this.#steps.report("worker_back");
    };
    const { kind, endDate } = this.main.request;
    readWires(
      chaos.wires,
      this.#steps,
      (text) => text.includes(endDate) || (this.main.taskId !== null && text.includes(this.main.taskId)),
      (taskId) => {
        this.main.seenId = taskId;
      },
    );
    this.#tail = new LogTail(path.join(chaos.ktrdrDir, "computations.jsonl"), (event) => {
      if (event.event !== "start" && event.event !== "end") return;
      if (concerns(event, { kind, endDate }, chaos.ktrdrDir))
        void this.#steps.report(event.event === "start" ? "computing" : "ending");
    });
  }

  async #startBlocker(): Promise<JobRun> {
    const { claude, requests } = this.#stage;
    const blocker = new JobRun(claude, requests.next(this.#scenario.kind), this.#signal);
    const job = await blocker.ask();
    const running = new AbortController();
    const early = new JobRun(claude, blocker.request, AbortSignal.any([running.signal, this.#signal]));
    await early
      .watch(job, async ({ state, final }) => {
        if (final || state === "running") running.abort();
      })
      .catch(() => undefined);
    return blocker;
  }

  async #follow(run: JobRun): Promise<void> {
    const job = run.job ?? (await run.ask());
    await run.watch(job, async (said) => {
      if (run !== this.main) return;
      if (said.state === "queued") await this.#steps.report("queued");
      if (said.state === "running" || said.state === "stalled") await this.#steps.report("running");
    });
  }

  /** Ends the run when it is not over in time after the last disturbance. */
  async #bound(over: AbortController): Promise<void> {
    const signal = over.signal;
    try {
      for (;;) {
        const before = this.injector.done.length;
        await this.injector.calm();
        await delay(BOUND_MS, undefined, { signal, ref: false });
        if (before === this.injector.done.length) return over.abort(new Error("too late"));
      }
    } catch {
      // The run was over in time.
    }
  }

  async #judge(run: JobRun): Promise<string[]> {
    const { chaos } = this.#stage;
    const { job } = run;
    if (job === null) return ["never accepted"];
    const books = new Books(chaos.lab);
    const kind: SlotKind = job.kind;
    let execution = "unknown";
    let slotHeld = true;
    const settled = async () => {
      execution = await books.execution(job.taskId);
      const { held, queue } = await books.slots(kind);
      slotHeld = held.includes(job.taskId) || queue.includes(job.taskId);
      return execution !== "RUNNING" && !slotHeld;
    };
    await until(settled, { what: "the end", timeoutMs: 120_000, everyMs: 100 }).catch(() => undefined);
    const book = await books.job(job.taskId);
    const all = computingOf(job, chaos.ktrdrDir, chaos.deaths);
    const twins = twinsAmong(all, this.#scenario, book);
    const computing = all.filter((one) => !twins.includes(one));
    const recorded = book === null || book.finishedMs === null ? null : { atMs: book.finishedMs, status: book.status };
    const truth: Truth = {
      computing,
      recorded,
      cancelledMs: run.cancelledMs,
      terminatedMs: run.terminatedMs,
      oursDisturbedMs: this.injector.oursDisturbedMs,
      ktrdrDisturbedMs: this.injector.ktrdrDisturbedMs,
    };
    const scenario = this.#scenario;
    const counts = computing.findLast(finished);
    const evidence = {
      scenario,
      run,
      book,
      execution,
      slotHeld,
      computing,
      truth,
      inBooks: counts === undefined ? null : resultInBooks(counts.operationId, chaos.ktrdrDir),
      checkpointed: checkpointedAmong(computing, chaos.ktrdrDir),
      failedTasks: await books.failedTasks(job.taskId),
      complaints: this.#complaints.read(),
    };
    this.limits.push(...limitsMet(evidence));
    this.limits.push(...twins.map(({ operationId }) => `${operationId} is the twin of a start that arrived twice`));
    const broken = brokenInvariants(evidence);
    return run === this.main ? broken : broken.map((text) => `job ahead: ${text}`);
  }

  async #runFollowUp(): Promise<string[]> {
    const { chaos, claude, requests } = this.#stage;
    await chaos.calm();
    const next = new JobRun(
      claude,
      requests.next(this.#scenario.kind),
      AbortSignal.any([this.#signal, AbortSignal.timeout(60_000)]),
    );
    try {
      await next.watch(await next.ask(), async () => undefined);
    } catch {
      return [`the next job does not get to run: ${describe(next.said.at(-1))}`];
    }
    const state = next.said.at(-1)?.state;
    return state === "completed" ? [] : [`the next job ended as ${state}`];
  }
}

const describe = (said: Said | undefined): string =>
  said === undefined ? "nothing said" : `${said.state} (${said.headline})`;
