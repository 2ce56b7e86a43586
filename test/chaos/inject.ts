import { setTimeout as delay } from "node:timers/promises";
import { makeReadOnly, takeConnections, terminateKeeper } from "./sabotage.ts";
import type { Fault } from "../../sandbox/faults.ts";
import { dayOf } from "./requests.ts";
import type { ChaosLab } from "./chaos-lab.ts";
import type { Claude } from "./claude.ts";
import { STRATEGY } from "./chaos-lab.ts";
import type { Kind, Strike } from "./scenario.ts";

/** Carries strikes out and lifts them when their time is over. */
export class Injector {
  readonly done: string[] = [];
  oursDisturbedMs = Infinity;
  ktrdrDisturbedMs = Infinity;
  readonly #chaos: ChaosLab;
  readonly #claude: Claude;
  readonly #kind: Kind;
  readonly #lifting: Promise<void>[] = [];

  constructor(chaos: ChaosLab, claude: Claude, kind: Kind) {
    this.#chaos = chaos;
    this.#claude = claude;
    this.#kind = kind;
  }

  /** Resolves when the fault is there; it is lifted later by itself. */
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
        await terminateKeeper(this.#chaos.lab.addresses.temporal, this.#kind);
        break;
      case "foreign":
        await this.#foreignStart();
        break;
    }
    this.done.push(name);
  }

  /** Until every fault is lifted. */
  async calm(): Promise<void> {
    await Promise.all(this.#lifting);
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
    if (ktrdr) this.ktrdrDisturbedMs = Math.min(this.ktrdrDisturbedMs, now);
    else this.oursDisturbedMs = Math.min(this.oursDisturbedMs, now);
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
    }).catch(() => undefined); // KTRDR may be down or taken at that moment
  }
}

function resume(pid: number): void {
  try {
    process.kill(pid, "SIGCONT");
  } catch {
    // It was killed while it stood still.
  }
}
