import { ChaosLab, STRATEGY } from "./chaos-lab.ts";
import { Claude } from "./claude.ts";
import { JobRun } from "./job-run.ts";
import { perform, type RunReport, type Stage } from "./perform.ts";
import { Requests } from "./requests.ts";
import type { Scenario } from "./scenario.ts";

/** A fresh lab with a client and a trained model to backtest. */
export async function setStage(): Promise<Stage> {
  const chaos = await ChaosLab.start();
  try {
    const claude = new Claude(chaos.lab.env);
    const args = { strategy: STRATEGY, start_date: "2000-01-03", end_date: "2004-12-31" };
    const request = { kind: "training", endDate: args.end_date, tool: "train_model", args } as const;
    const run = new JobRun(claude, request, AbortSignal.timeout(60_000));
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

/** Runs scenarios in labs that are replaced after a run that broke something. */
export class Campaign {
  #stage: Stage | null = null;
  #runs = 0;
  /** Processes that outlived their lab. */
  readonly left: string[] = [];
  readonly #runsPerLab: number;

  constructor(runsPerLab = 150) {
    this.#runsPerLab = runsPerLab;
  }

  async run(scenario: Scenario): Promise<RunReport> {
    if (this.#runs >= this.#runsPerLab) await this.end();
    this.#stage ??= await setStage();
    this.#runs += 1;
    const report = await perform(this.#stage, scenario);
    return report;
  }

  get folder(): string {
    return this.#stage?.chaos.lab.dir ?? "";
  }

  async end(): Promise<void> {
    if (this.#stage !== null) this.left.push(...(await strikeStage(this.#stage)));
    this.#stage = null;
    this.#runs = 0;
  }

  /** Whether a scenario breaks something, each time in a fresh lab. */
  async breaks(scenario: Scenario): Promise<boolean> {
    await this.end();
    return (await this.run(scenario)).broken.length > 0;
  }
}
