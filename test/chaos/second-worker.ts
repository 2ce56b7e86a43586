import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { openSync, closeSync } from "node:fs";
import path from "node:path";
import { ROOT } from "../../src/root.ts";
import type { Lab } from "../../lab/lab.ts";
import { lazyConnection } from "../../lab/temporal-connection.ts";
import { until } from "../../lab/until.ts";
import { missingPollers } from "../../src/temporal/pollers.ts";

/** A second worker process of ours beside the lab's own. Nobody starts it again when it ends. */
export class SecondWorker {
  readonly #child: ChildProcess;
  readonly #lab: Lab;

  private constructor(child: ChildProcess, lab: Lab) {
    this.#child = child;
    this.#lab = lab;
  }

  static spawn(lab: Lab): SecondWorker {
    const { dir, env } = lab;
    const log = openSync(path.join(dir, "logs", "second-worker.log"), "a");
    const child = spawn(process.execPath, [path.join(ROOT, "src/bin/worker.ts")], {
      stdio: ["ignore", log, log],
      env: { ...env },
    });
    closeSync(log);
    return new SecondWorker(child, lab);
  }

  /** Resolves when it takes work. */
  async working(): Promise<void> {
    const { addresses, namespace } = this.#lab;
    const connection = lazyConnection(addresses.temporal, {});
    try {
      const served = { pid: this.#child.pid ?? 0, since: Infinity };
      await until(async () => (await missingPollers(connection, namespace, served)).length === 0, {
        what: "the second worker",
        timeoutMs: 120_000,
      });
    } catch (error) {
      await this.leave("SIGKILL");
      throw error;
    } finally {
      await connection.close();
    }
  }

  signal(name: NodeJS.Signals): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null && this.#child.kill(name);
  }

  /** Resolves when it has ended. */
  async leave(name: NodeJS.Signals): Promise<void> {
    const ended = once(this.#child, "exit");
    if (this.signal(name)) await ended;
  }
}
