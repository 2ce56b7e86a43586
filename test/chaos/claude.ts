import { connectServer, textOf, type TestClient } from "../support/mcp.ts";

export type Reply =
  | { readonly kind: "answer"; readonly facts: Readonly<Record<string, unknown>> }
  | { readonly kind: "refusal"; readonly text: string }
  /** The server went away before it answered. */
  | { readonly kind: "lost"; readonly text: string };

/** An MCP client that connects to a new server when its server dies, as Claude's clients do. */
export class Claude {
  readonly #env: Readonly<Record<string, string>>;
  #connected: Promise<TestClient>;

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
    this.#connected = connectServer("modern", env);
  }

  async call(tool: string, args: Readonly<Record<string, unknown>>): Promise<Reply> {
    const client = await this.#connected;
    try {
      const result = await client.call(tool, { ...args });
      if (result.isError === true) {
        const text = textOf(result);
        // Only the server's own log says what a defect was.
        return { kind: "refusal", text: text.includes("incident") ? `${text} ${client.stderr().slice(-2_000)}` : text };
      }
      return { kind: "answer", facts: result.structuredContent as Record<string, unknown> };
    } catch (error) {
      if (isAlive(client.pid)) return { kind: "refusal", text: `protocol: ${String(error)}` };
      this.#reconnect(client);
      return { kind: "lost", text: String(error) };
    }
  }

  /** SIGKILLs the server. */
  async kill(): Promise<number> {
    const client = await this.#connected;
    process.kill(client.pid, "SIGKILL");
    return client.pid;
  }

  async close(): Promise<void> {
    await (await this.#connected).close();
  }

  /** Everything the present server wrote to stderr. */
  async stderr(): Promise<string> {
    return (await this.#connected).stderr();
  }

  #reconnect(dead: TestClient): void {
    const before = this.#connected;
    this.#connected = before.then(async (client) => {
      if (client !== dead) return client;
      await client.close().catch(() => undefined);
      return await connectServer("modern", this.#env);
    });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
