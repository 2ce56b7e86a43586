import { Campaign } from "./campaign.ts";
import type { RunReport } from "./perform.ts";
import type { Scenario } from "./scenario.ts";

/** A run of a campaign, and the command that repeats it. */
export interface Planned {
  readonly name: string;
  readonly again: string;
  readonly scenario: Scenario;
}

/** Several labs at once, which share the runs. It makes no difference to a run which lab carries it out. */
export class Crew {
  readonly #campaigns: readonly Campaign[];
  #stopped = false;

  constructor(labs: number) {
    this.#campaigns = Array.from({ length: labs }, () => new Campaign());
  }

  /** @param done called with each run as it ends; for the runs of one lab one after the other */
  async carryOut(
    runs: readonly Planned[],
    done: (run: Planned, report: RunReport, campaign: Campaign) => Promise<void>,
  ): Promise<void> {
    const left = [...runs];
    const work = async (campaign: Campaign): Promise<void> => {
      for (let run = left.shift(); run !== undefined && !this.#stopped; run = left.shift()) {
        await done(run, await campaign.run(run.scenario), campaign);
      }
      await campaign.end();
    };
    try {
      await Promise.all(this.#campaigns.map(work));
    } catch (error) {
      if (!this.#stopped) throw error;
    }
  }

  /** Ends every lab, if need be in the middle of a run. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#campaigns.map(async (campaign) => await campaign.stop()));
  }

  /** Processes that outlived their lab. */
  get left(): readonly string[] {
    return this.#campaigns.flatMap(({ left }) => left);
  }
}
