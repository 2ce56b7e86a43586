/**
 * Stands before the sandbox's API and counts the requests to it. After `multiply` it pretends to compute any number of
 * trainings at once, like a KTRDR with as many workers. It answers for them as the sandbox answered for a real one.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";

const Posted = z.looseObject({ task_id: z.string() });
const Shown = z.looseObject({
  data: z.looseObject({ operation_id: z.string(), status: z.string(), progress: z.looseObject({}).nullish() }),
});
const OPERATION = /^\/api\/v1\/operations\/([^/?]+)$/;
const START = "/api/v1/trainings/start";
/** A training that the gateway only pretends to compute takes this long. */
const COMPUTING_MS = 36_000_000;

interface Answer {
  readonly status: number;
  readonly text: string;
}

export class Gateway {
  /** Requests so far. */
  requests = 0;
  /** How often each operation was asked for. */
  readonly asked = new Map<string, number>();
  target = "";
  private readonly server: Server;
  private readonly begun = new Map<string, number>();
  private model: { posted: z.infer<typeof Posted>; shown: z.infer<typeof Shown> } | null = null;
  private posted: z.infer<typeof Posted> | null = null;
  private shown: z.infer<typeof Shown> | null = null;
  private waiting: (() => void)[] = [];

  private constructor() {
    this.server = createServer((request, response) => {
      void this.serve(request, response).catch(() => response.destroy());
    });
  }

  static async listen(): Promise<Gateway> {
    const gateway = new Gateway();
    gateway.server.listen(0, "127.0.0.1");
    await once(gateway.server, "listening");
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** From now on the gateway answers for every new training, all at once, as the sandbox did for the last real one. */
  multiply(): void {
    if (this.posted === null || this.shown === null) throw new Error("no training has been seen yet");
    this.model = { posted: this.posted, shown: this.shown };
  }

  /** Resolves when `reached` is true, at once or after the answer to the request that makes it true. */
  async until(reached: () => boolean): Promise<void> {
    while (!reached()) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    const { method = "GET", url = "/" } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const id = method === "GET" ? OPERATION.exec(url)?.[1] : undefined;
    const own = this.own(method, url, id, body);
    const { status, text } = own ?? (await this.pass(method, url, body));
    if (own === null && status === 200) this.learn(method, url, id, text);
    response.writeHead(status, { "content-type": "application/json" }).end(text);
    if (id !== undefined && status === 200) this.asked.set(id, (this.asked.get(id) ?? 0) + 1);
    for (const wake of this.waiting.splice(0)) wake();
  }

  private own(method: string, url: string, id: string | undefined, body: Buffer): Answer | null {
    if (this.model === null) return null;
    const { posted, shown } = this.model;
    if (method === "POST" && url === START) {
      const taskId = Posted.parse(JSON.parse(body.toString())).task_id;
      this.begun.set(taskId, Date.now());
      return { status: 200, text: JSON.stringify({ ...posted, task_id: taskId }) };
    }
    const since = id === undefined ? undefined : this.begun.get(id);
    if (since === undefined) return null;
    const progress = { ...shown.data.progress, percentage: ((Date.now() - since) / COMPUTING_MS) * 100 };
    return { status: 200, text: JSON.stringify({ ...shown, data: { ...shown.data, operation_id: id, progress } }) };
  }

  private async pass(method: string, url: string, body: Buffer): Promise<Answer> {
    const sent = body.length === 0 ? {} : { body, headers: { "content-type": "application/json" } };
    const answer = await fetch(`${this.target}${url}`, { method, ...sent });
    return { status: answer.status, text: await answer.text() };
  }

  private learn(method: string, url: string, id: string | undefined, text: string): void {
    if (method === "POST" && url === START) this.posted = Posted.parse(JSON.parse(text));
    if (id === undefined || id !== this.posted?.task_id) return;
    const shown = Shown.parse(JSON.parse(text));
    if (shown.data.status === "running") this.shown = shown;
  }
}
