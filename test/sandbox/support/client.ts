import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Fault } from "../../../sandbox/faults.ts";
import type { Sandbox, SandboxOptions } from "../../../sandbox/launch.ts";
import { startSandbox } from "../../../sandbox/launch.ts";
import type { ComputationEvent } from "../../../sandbox/state/computation-log.ts";
import type { Operation } from "../../../sandbox/state/operation.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // The type allows any field, because the tests look into answers of many shapes.
  readonly body: Record<string, never>;
  readonly text: string;
}

export type FaultRequest = Omit<Fault, "id"> & { id?: string };

/** A sandbox in a folder of its own, with short-hands for what the tests ask. */
export class TestSandbox {
  readonly sandbox: Sandbox;

  private constructor(sandbox: Sandbox) {
    this.sandbox = sandbox;
  }

  static async start(options: Omit<SandboxOptions, "stateDir"> = {}): Promise<TestSandbox> {
    const stateDir = mkdtempSync(join(tmpdir(), "sandbox-test-"));
    return new TestSandbox(await startSandbox({ timeScale: 0.01, ...options, stateDir }));
  }

  async stop(): Promise<void> {
    await this.sandbox.stop();
    rmSync(this.sandbox.stateDir, { recursive: true, force: true });
  }

  get url(): string {
    return this.sandbox.url;
  }

  /** The endpoint of the n-th worker of a type, in the order of starting. */
  worker(prefix: "train" | "bt", number = 1): string {
    const part = this.sandbox.workers.find((one) => one.name === `${prefix}-${number}`);
    if (part === undefined) throw new Error(`no worker ${prefix}-${number}`);
    return part.url;
  }

  async call(method: string, path: string, body?: unknown, base: string = this.url): Promise<Answer> {
    const init: RequestInit = { method, redirect: "manual", signal: AbortSignal.timeout(120_000) };
    if (body !== undefined) {
      init.body = typeof body === "string" ? body : JSON.stringify(body);
      init.headers = { "content-type": "application/json" };
    }
    const response = await fetch(`${base}${path}`, init);
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson ? (JSON.parse(text) as Record<string, never>) : ({} as Record<string, never>),
    };
  }

  get(path: string, base?: string): Promise<Answer> {
    return this.call("GET", `/api/v1${path}`, undefined, base);
  }

  async operation(id: string, base?: string): Promise<Operation> {
    const answer = await this.get(`/operations/${id}`, base);
    if (answer.status !== 200) throw new Error(`GET operation ${id}: ${answer.status} ${answer.text}`);
    return answer.body["data"] as unknown as Operation;
  }

  /** Polls every 20 ms until the condition holds. Only the test's own timeout ends the wait. */
  async until<Value>(ask: () => Promise<Value>, holds: (value: Value) => boolean): Promise<Value> {
    for (;;) {
      const value = await ask();
      if (holds(value)) return value;
      await wait(20);
    }
  }

  untilStatus(id: string, status: Operation["status"], base?: string): Promise<Operation> {
    return this.until(
      () => this.operation(id, base),
      (operation) => {
        if (operation.status === status) return true;
        const isOver = ["completed", "failed", "cancelled"].includes(operation.status);
        if (isOver) throw new Error(`${id} ended ${operation.status}: ${String(operation.error_message)}`);
        return false;
      },
    );
  }

  async untilAvailable(type: "training" | "backtesting"): Promise<void> {
    await this.until(
      () => this.get(`/workers?worker_type=${type}&status=available`),
      (answer) => (answer.body as unknown as unknown[]).length > 0,
    );
  }

  startTraining(taskId: string, strategy = "quick", extra: Record<string, unknown> = {}): Promise<Answer> {
    const body = { strategy_name: strategy, task_id: taskId, start_date: "2000-01-03", end_date: "2014-12-31" };
    return this.call("POST", "/api/v1/trainings/start", { ...body, ...extra });
  }

  async fault(fault: FaultRequest): Promise<void> {
    const answer = await this.call("POST", "/sandbox/faults", fault);
    if (answer.status !== 200) throw new Error(answer.text);
  }

  async clearFaults(): Promise<void> {
    await this.call("DELETE", "/sandbox/faults");
  }

  async log(id: string): Promise<ComputationEvent[]> {
    const answer = await this.call("GET", `/sandbox/log?operation_id=${id}`);
    return answer.body["events"] as unknown as ComputationEvent[];
  }
}
