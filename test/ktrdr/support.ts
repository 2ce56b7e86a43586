import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { onTestFinished } from "vitest";
import { isDomainError, type DomainError } from "../../src/domain/errors.ts";
import { createKtrdr, type Ktrdr } from "../../src/ktrdr/ktrdr.ts";
import type { TransportOptions } from "../../src/ktrdr/transport.ts";

/** One recorded exchange with the real backend, shortened. */
export interface Exchange {
  readonly name: string;
  /** Number of the recording that it was taken from. */
  readonly from: string;
  readonly request: { readonly method: string; readonly path: string; readonly body?: unknown };
  readonly response: { readonly status: number; readonly body: unknown };
}

const file = new URL("../fixtures/ktrdr/client/exchanges.jsonl", import.meta.url);
const exchanges = new Map(
  readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Exchange)
    .map((exchange) => [exchange.name, exchange]),
);

export function recorded(name: string): Exchange {
  const exchange = exchanges.get(name);
  if (exchange === undefined) throw new Error(`no recorded exchange ${name}`);
  return exchange;
}

export interface Seen {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly body: unknown;
}

export interface TestServer {
  readonly url: string;
  readonly seen: Seen[];
  /** Sockets open now, and the most that were open at once. */
  readonly sockets: { open: number; peak: number };
}

type Handler = (seen: Seen, response: ServerResponse, request: IncomingMessage) => void;

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text === "" ? undefined : (JSON.parse(text) as unknown);
}

/** A server on a free port that goes away with the test. */
export async function serve(handler: Handler): Promise<TestServer> {
  const seen: Seen[] = [];
  const sockets = { open: 0, peak: 0 };
  const live = new Set<Socket>();
  const server = createServer((request, response) => {
    bodyOf(request).then(
      (body) => {
        const call = { method: request.method ?? "", path: request.url ?? "", body };
        seen.push(call);
        handler(call, response, request);
      },
      () => request.socket.destroy(),
    );
  });
  server.on("connection", (socket) => {
    live.add(socket);
    sockets.open += 1;
    sockets.peak = Math.max(sockets.peak, sockets.open);
    socket.on("close", () => {
      live.delete(socket);
      sockets.open -= 1;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of live) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, sockets };
}

export function reply(response: ServerResponse, status: number, body: unknown, type = "application/json"): void {
  response.writeHead(status, { "content-type": type });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

/** A server that gives one answer to everything. */
export const answering = (status: number, body: unknown, type?: string): Promise<TestServer> =>
  serve((_, response) => reply(response, status, body, type));

/** A server that replays one recorded answer to everything. */
export const replaying = (name: string): Promise<TestServer> =>
  answering(recorded(name).response.status, recorded(name).response.body);

export function clientOf(server: { readonly url: string }, options: Partial<TransportOptions> = {}): Ktrdr {
  const ktrdr = createKtrdr({ baseUrl: server.url, requestTimeoutMs: 10_000, ...options });
  onTestFinished(() => ktrdr.close());
  return ktrdr;
}

/** A port on which nothing listens. */
export async function closedPort(): Promise<{ readonly url: string }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return { url: `http://127.0.0.1:${port}` };
}

/** The domain error that `work` ends with. Any other end fails the test. */
export async function failure(work: Promise<unknown>): Promise<DomainError> {
  const outcome = await work.then(
    () => new Error("it succeeded"),
    (error: unknown) => error,
  );
  if (isDomainError(outcome)) return outcome;
  throw outcome;
}
