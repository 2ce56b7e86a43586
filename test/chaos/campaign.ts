import { ChaosLab, STRATEGY } from "./chaos-lab.ts";
import { Claude } from "./claude.ts";
import { JobRun } from "./job-run.ts";
import { perform, type RunReport, type Stage } from "./perform.ts";
import { Requests } from "./requests.ts";
import type { Scenario } from "./scenario.ts";

/** A fresh lab with a client and a trained model to backtest. */
export async function setStage(signal?: AbortSignal): Promise<Stage> {
  const chaos = await ChaosLab.start(signal);
  try {
    const claude = new Claude(chaos.lab.env);
    const args = { strategy: STRATEGY, start_date: "2000-01-03", end_date: "2004-12-31" };
    const request = { kind: "training", endDate: args.end_date, tool: "train_model", args } as const;
    const patience = AbortSignal.timeout(60_000);
    const run = new JobRun(claude, request, signal === undefined ? patience : AbortSignal.any([patience, signal]));
    const job = await run.ask();
    await run.watch(job, async () => undefined);
    return { chaos, claude, requests: new Requests(job.taskId) };
  } catch (error) {
    await chaos.end();
    throw error;
  }
}

/** @returns processes that were left behind. */
export async function strikeStage({ chaos, claude }: Stage): Promise<string[]> {
  await claude.close();
  return await chaos.end();
}

/** Runs scenarios in labs that are replaced now and then, and when told to. */
export class Campaign {
  #stage: Promise<Stage> | null = null;
  #folder = "";
  #runs = 0;
  /** Processes that outlived their lab. */
  readonly left: string[] = [];
  readonly #runsPerLab: number;
  readonly #stopping = new AbortController();

  constructor(runsPerLab = 150) {
    this.#runsPerLab = runsPerLab;
  }

  /** @throws what kept a lab from starting; the reason of the stop once it was stopped. */
  async run(scenario: Scenario): Promise<RunReport> {
    const { signal } = this.#stopping;
    if (this.#runs >= this.#runsPerLab) await this.end();
    signal.throwIfAborted();
    this.#stage ??= setStage(signal);
    const stage = await this.#stage.catch((error: unknown) => {
      this.#stage = null;
      throw error;
    });
    this.#folder = stage.chaos.lab.dir;
    this.#runs += 1;
    const report = await perform(stage, scenario);
    signal.throwIfAborted();
    return report;
  }

  /** Of the lab that ran last. */
  get folder(): string {
    return this.#folder;
  }

  /** Ends the lab; the next run gets another one. */
  async end(): Promise<void> {
    const stage = await this.#stage?.catch(() => null);
    this.#stage = null;
    this.#runs = 0;
    if (stage != null) this.left.push(...(await strikeStage(stage)));
  }

  /** For good: a run that is under way breaks off. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("stopped"));
    await this.end();
  }

  /** Whether a scenario breaks something, each time in a fresh lab. */
  async breaks(scenario: Scenario): Promise<boolean> {
    await this.end();
    return (await this.run(scenario)).broken.length > 0;
  }
}
