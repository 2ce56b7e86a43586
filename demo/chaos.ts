/** Kills parts of the running lab, one after the other, while a job computes. */
import type { Lab } from "../lab/lab.ts";
import type { StatusAnswer } from "./answers.ts";

/** Sends SIGKILL to a process by its id. */
export type Kill = (pid: number) => void;

export interface Victim {
  /** Name of the part in the lab. */
  readonly part: string;
  readonly called: string;
  /** It is killed when the job has come this far. */
  readonly fromPercent: number;
}

export const VICTIMS: readonly Victim[] = [
  { part: "worker", called: "the worker, which runs our workflows and activities", fromPercent: 10 },
  { part: "temporal", called: "the Temporal server, which remembers what runs", fromPercent: 30 },
  { part: "ktrdr-api", called: "KTRDR's API, which loses track of what it runs", fromPercent: 50 },
];

/** A heartbeat as young as this shows that the job has recovered from the last kill. */
const FRESH_SECONDS = 4;

export class Chaos {
  readonly #lab: Pick<Lab, "parts">;
  readonly #kill: Kill;
  readonly #say: (text: string) => void;
  readonly #waiting: Victim[];

  constructor(lab: Pick<Lab, "parts">, kill: Kill, say: (text: string) => void, victims: readonly Victim[] = VICTIMS) {
    this.#lab = lab;
    this.#kill = kill;
    this.#say = say;
    this.#waiting = [...victims];
  }

  /** Parts that should have been killed and were not. */
  get spared(): readonly string[] {
    return this.#waiting.map(({ part }) => part);
  }

  /** Kills the next part when the job has come far enough and has recovered from the kill before. */
  strike(status: StatusAnswer): void {
    const [victim] = this.#waiting;
    if (victim === undefined || status.state !== "running") return;
    if ((status.percent ?? 0) < victim.fromPercent) return;
    if ((status.heartbeat_age_seconds ?? Number.POSITIVE_INFINITY) > FRESH_SECONDS) return;
    const pid = this.#lab.parts().find(({ name }) => name === victim.part)?.pid;
    if (pid === undefined) return; // it is down already: wait until it is back
    this.#waiting.shift();
    this.#kill(pid);
    this.#say(`⚡ kill -9 ${pid}: ${victim.called}`);
  }
}
