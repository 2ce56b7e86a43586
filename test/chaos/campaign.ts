import { rm } from "node:fs/promises";
import { mountSmallDisk, type SmallDisk } from "../support/small-disk.ts";
import { ChaosLab, STRATEGY, type ChaosLabOptions } from "./chaos-lab.ts";
import { Claude } from "./claude.ts";
import { JobRun } from "./job-run.ts";
import { perform, type RunReport, type Stage } from "./perform.ts";
import { Requests } from "./requests.ts";
import { needsSmallDisk, type Scenario } from "./scenario.ts";

/** A fresh lab with a client and a trained model to backtest. */
export async function setStage(options: ChaosLabOptions = {}): Promise<Stage> {
  const { signal } = options;
  const chaos = await ChaosLab.start(options);
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

/** Megabytes, enough for a lab and a few jobs. */
const DISK_MB = 600;

/** The report of a scenario that was not run, with the reason. */
const leftOut = (scenario: Scenario, why: string): RunReport => ({
  scenario,
  broken: [],
  limits: [],
  struck: [],
  states: [why],
  outcome: "left out",
  durationMs: 0,
});

/** Runs scenarios in a lab. The lab is replaced after some runs, and when told to. */
export class Campaign {
  #stage: Promise<Stage> | null = null;
  #folder = "";
  #runs = 0;
  #disk: SmallDisk | null = null;
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
    const onSmallDisk = needsSmallDisk(scenario);
    if (this.#runs >= this.#runsPerLab || onSmallDisk !== (this.#disk !== null)) await this.end();
    signal.throwIfAborted();
    if (onSmallDisk && this.#disk === null) {
      const disk = await mountSmallDisk(DISK_MB);
      if (typeof disk === "string") return leftOut(scenario, disk);
      this.#disk = disk;
    }
    this.#stage ??= setStage({ signal, disk: this.#disk });
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

  /** The folder of the lab that ran last. */
  get folder(): string {
    return this.#folder;
  }

  /** Ends the lab; the next run gets another one. */
  async end(): Promise<void> {
    const stage = await this.#stage?.catch(() => null);
    this.#stage = null;
    this.#runs = 0;
    if (stage != null) this.left.push(...(await strikeStage(stage)));
    const disk = this.#disk;
    this.#disk = null;
    if (disk === null) return;
    await disk.remove();
    await rm(`${disk.dir}.jsonl`, { force: true });
  }

  /** Ends the campaign for good. A run that is under way breaks off. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("stopped"));
    await this.end();
  }

  /** Whether the scenario breaks something in a fresh lab. */
  async breaks(scenario: Scenario): Promise<boolean> {
    await this.end();
    return (await this.run(scenario)).broken.length > 0;
  }
}
