import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { strategyText } from "./strategy-text.ts";
import { callPatiently, connectServer, textOf, type ClientLine, type TestClient } from "./mcp.ts";
import { startTestLab, type TestLab } from "./lab.ts";

/** One line of the sandbox's own log of computing. */
export interface ComputationLine {
  readonly at: string;
  readonly event: "start" | "end" | "cancel" | "request";
  readonly operationId: string;
  readonly kind: string;
  readonly detail: string;
}

export type Answer = Readonly<Record<string, unknown>> & { readonly task_id: string; readonly state: string };

/** A lab with an MCP client in front of it, which is what Claude has. */
export class Research {
  readonly lab: TestLab;
  private readonly connected: TestClient;

  private constructor(lab: TestLab, client: TestClient) {
    this.lab = lab;
    this.connected = client;
  }

  /** @param dir folder of the lab; a new one unless given. */
  static async begin(
    line: ClientLine = "modern",
    env: Readonly<Record<string, string>> = {},
    dir?: string,
  ): Promise<Research> {
    const lab = await startTestLab({ env, ...(dir === undefined ? {} : { dir }) });
    return new Research(lab, await connectServer(line, lab.env));
  }

  async end(): Promise<void> {
    await this.connected.close();
    await this.lab.remove();
  }

  get client(): TestClient {
    return this.connected;
  }

  /** Calls a tool, and expects it to do what was asked. */
  async call(tool: string, args: Record<string, unknown> = {}): Promise<Answer> {
    const result = await callPatiently(this.connected, tool, args);
    if (result.isError === true) throw new ToolFailure(tool, textOf(result));
    return result.structuredContent as Answer;
  }

  /** The text that a call answers; an error's text too. */
  async told(tool: string, args: Record<string, unknown> = {}): Promise<string> {
    const result = await callPatiently(this.connected, tool, args);
    return result.isError === true ? textOf(result) : JSON.stringify(result);
  }

  /** Follows a job until its state is one of those wanted. @returns also every state that was seen, in order */
  async follow(taskId: string, ...wanted: string[]): Promise<{ answer: Answer; seen: string[] }> {
    const seen: string[] = [];
    for (;;) {
      const answer = await this.call("get_task_status", { task_id: taskId, wait_seconds: 1 });
      if (seen.at(-1) !== answer.state) seen.push(answer.state);
      if (wanted.includes(answer.state)) return { answer, seen };
      if (answer["final"] === true) throw new Error(`${taskId} ended as ${JSON.stringify(answer)}`);
    }
  }

  async computations(operationPrefix: string): Promise<ComputationLine[]> {
    const text = await readFile(path.join(this.lab.dir, "ktrdr", "computations.jsonl"), "utf8");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as ComputationLine)
      .filter(({ operationId }) => operationId.startsWith(operationPrefix));
  }

  /** Replaces the sandbox's faults. */
  async faults(faults: readonly Record<string, unknown>[]): Promise<void> {
    const answer = await fetch(`${this.lab.addresses.ktrdr}/sandbox/faults`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ faults }),
    });
    if (!answer.ok) throw new Error(`faults: ${answer.status} ${await answer.text()}`);
  }

  /** From now on all computing stops at 20 % until it is released, so that it cannot end too early for a test. */
  async hold(): Promise<void> {
    await this.faults([{ id: "held", fault: "computing_stalls", percent: 20 }]);
  }

  /** What was held goes on. What begins now is done at once. */
  async release(): Promise<void> {
    await this.faults([]);
  }

  async writeStrategy(name: string, epochs?: number, symbol?: string): Promise<void> {
    await writeFile(path.join(this.lab.dir, "ktrdr", "strategies", `${name}.yaml`), strategyText(name, epochs, symbol));
  }
}

export class ToolFailure extends Error {
  constructor(tool: string, text: string) {
    super(`${tool}: ${text}`);
  }
}
