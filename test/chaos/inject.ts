import { setTimeout as delay } from "node:timers/promises";
import { slotKeeperId } from "../../src/domain/slots.ts";
import type { JobRun } from "./job-run.ts";
import { pauseStep, requestCancel, reset, terminate, type Deed } from "./operator.ts";
import { makeReadOnly, takeConnections } from "./sabotage.ts";
import type { SecondWorker } from "./second-worker.ts";
import type { Fault } from "../../sandbox/faults.ts";
import { dayOf } from "./requests.ts";
import type { ChaosLab } from "./chaos-lab.ts";
import type { Claude } from "./claude.ts";
import { STRATEGY } from "./chaos-lab.ts";
import type { Attack, Kind, Strike } from "./scenario.ts";

/** Carries strikes out and lifts them when their time is over. */
export class Injector {
  readonly done: string[] = [];
  oursDisturbedMs = Infinity;
  ktrdrDisturbedMs = Infinity;
  readonly #chaos: ChaosLab;
  readonly #claude: Claude;
  readonly #kind: Kind;
  readonly #run: JobRun;
  readonly #lifting: Promise<void>[] = [];
  #second: SecondWorker | null = null;

  constructor(chaos: ChaosLab, claude: Claude, run: JobRun) {
    this.#chaos = chaos;
    this.#claude = claude;
    this.#kind = run.request.kind;
    this.#run = run;
  }

  /** Starts what the strikes need before the call is made. */
  async prepare(strikes: readonly Strike[]): Promise<void> {
    if (strikes.every(({ attack }) => attack.do !== "second_worker")) return;
    this.#second = await this.#chaos.invite();
  }

  /** Ends what was prepared and is still there. */
  async end(): Promise<void> {
    await this.#second?.leave("SIGKILL");
  }

  /** Resolves when the fault is in place. The fault is lifted later by itself. */
  async strike({ at, attack, forMs }: Strike): Promise<void> {
    const name = `${at}: ${JSON.stringify(attack)}${forMs > 0 ? ` for ${forMs} ms` : ""}`;
    this.#disturbs(attack);
    switch (attack.do) {
      case "kill":
        if (attack.part === "mcp") await this.#claude.kill();
        else if (!this.#chaos.signal(attack.part, "SIGKILL")) return;
        break;
      case "deploy":
        if (!this.#chaos.signal("worker", "SIGTERM")) return;
        break;
      case "freeze": {
        const pid = this.#chaos.pid(attack.part);
        if (pid === undefined || !this.#chaos.signal(attack.part, "SIGSTOP")) return;
        this.#lift(forMs, () => resume(pid));
        break;
      }
      case "wire": {
        const wire = this.#chaos.wires[attack.wire];
        wire.mode = attack.mode;
        this.#lift(forMs, () => {
          wire.mode = { kind: "pass" };
        });
        break;
      }
      case "ktrdr": {
        const id = `chaos-${this.done.length}`;
        this.#chaos.faults.add({ ...attack.fault, id } as Fault);
        if (forMs > 0) this.#lift(forMs, () => this.#chaos.faults.remove(id));
        break;
      }
      case "postgres": {
        const lift =
          attack.how === "read_only" ? await makeReadOnly(this.#database) : await takeConnections(this.#database);
        this.#lift(forMs, lift);
        break;
      }
      case "terminate_keeper":
        if ((await terminate(this.#chaos.lab, slotKeeperId(this.#kind))) === "nothing") return;
        break;
      case "full_disk": {
        const { disk } = this.#chaos;
        if (disk === null) return;
        await disk.fill();
        this.#lift(forMs, () => disk.free());
        break;
      }
      case "operator":
        if ((await this.#operate(attack.how, forMs)) === "nothing") return;
        break;
      case "second_worker":
        if (this.#second?.signal(attack.leaves) !== true) return;
        break;
      case "foreign":
        await this.#foreignStart();
        break;
    }
    this.done.push(name);
  }

  /** Resolves when every fault is lifted. */
  async calm(): Promise<void> {
    await Promise.all(this.#lifting);
  }

  async #operate(how: Extract<Attack, { do: "operator" }>["how"], forMs: number): Promise<Deed> {
    const { lab } = this.#chaos;
    const run = this.#run;
    const taskId = run.taskId;
    if (taskId === null) return "nothing";
    switch (how) {
      case "reset":
        return await reset(lab, taskId);
      case "pause": {
        const unpause = await pauseStep(lab, taskId);
        if (unpause !== null) this.#lift(forMs, unpause);
        return unpause === null ? "nothing" : "done";
      }
      case "cancel": {
        const before = run.cancelledMs;
        run.cancelledMs ??= Date.now();
        const deed = await requestCancel(lab, taskId);
        if (deed === "nothing") run.cancelledMs = before;
        return deed;
      }
      case "terminate": {
        run.terminatedMs = Date.now();
        const deed = await terminate(lab, taskId);
        if (deed === "nothing") run.terminatedMs = null;
        return deed;
      }
    }
  }

  get #database(): string {
    return this.#chaos.lab.addresses.database;
  }

  #lift(afterMs: number, act: () => void | Promise<void>): void {
    this.#lifting.push(delay(afterMs).then(act));
  }

  #disturbs(attack: Strike["attack"]): void {
    const now = Date.now();
    const ktrdr =
      attack.do === "ktrdr" ||
      attack.do === "foreign" ||
      (attack.do === "wire" && attack.wire === "ktrdr") ||
      ("part" in attack && attack.part.startsWith("ktrdr-"));
    if (ktrdr || attack.do === "full_disk") this.ktrdrDisturbedMs = Math.min(this.ktrdrDisturbedMs, now);
    if (!ktrdr) this.oursDisturbedMs = Math.min(this.oursDisturbedMs, now);
  }

  async #foreignStart(): Promise<void> {
    const window = { strategy_name: STRATEGY, start_date: "2001-01-02", end_date: dayOf(2003, 1) };
    const [path, body] =
      this.#kind === "training"
        ? ["trainings", { ...window, symbols: ["SPX"], timeframes: ["1d"], task_id: `foreign-${crypto.randomUUID()}` }]
        : ["backtests", { ...window, symbol: "SPX", timeframe: "1d", model_path: `models/${STRATEGY}/1d_latest` }];
    await fetch(`${this.#chaos.lab.addresses.ktrdr}/api/v1/${path}/start`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(2_000),
    }).catch(() => undefined); // KTRDR may be down or busy at that moment
  }
}

function resume(pid: number): void {
  try {
    process.kill(pid, "SIGCONT");
  } catch {
    // The process was killed while it was stopped.
  }
}
