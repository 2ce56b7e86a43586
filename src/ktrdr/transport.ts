import http from "node:http";
import https from "node:https";
import got, { RequestError, TimeoutError, type Got, type PlainResponse } from "got";
import type { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import type { Logger } from "../logger.ts";
import { connectionWords } from "./connection-words.ts";
import { assertAllowed, endpointOf, type Method, type Surface } from "./allow-list.ts";
import { createBreaker, type Breaker, type BreakerState } from "./breaker.ts";
import { createGate } from "./gate.ts";
import { badAnswer, noAnswer, readRefusal, refusalError, type Nature, type Refusal } from "./refusal.ts";

/** One finished call (redirects and retries included), for metrics and tests. */
export interface RequestInfo {
  readonly surface: Surface;
  readonly method: Method;
  /** Path as sent, without query. */
  readonly path: string;
  /** Line of the allow-list that let it through; without names, so there are few. */
  readonly endpoint: string;
  /** True when the caller stopped waiting before an answer came. */
  readonly aborted: boolean;
  /** Null when no answer came. */
  readonly status: number | null;
  readonly attempts: number;
  readonly bytes: number;
  readonly durationMs: number;
}

export interface TransportOptions {
  /** Base address of the API, without `/api/v1`. */
  readonly baseUrl: string;
  /** Limit of one attempt, connect to last byte. */
  readonly requestTimeoutMs: number;
  /** Requests in a row without an answer after which KTRDR is left alone for a moment; never unless given. */
  readonly breakerFailures?: number;
  /** Told whenever that changes. */
  readonly onBreaker?: (state: BreakerState) => void;
  readonly logger?: Pick<Logger, "debug">;
  readonly onRequest?: (info: RequestInfo) => void;
  /** Sends each request inside a trace, with headers that say which. */
  readonly traceRequest?: TraceRequest;
}

export type TraceRequest = <T extends { readonly status: number }>(
  endpoint: string,
  send: (headers: Readonly<Record<string, string>>) => Promise<T>,
) => Promise<T>;

export interface Call<T> {
  readonly method: Method;
  /** Path below the surface's base, segments already escaped (`segment()`). */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly nature: Nature;
  /** What is asked for, as the beginning of a sentence: "The operation op_1". */
  readonly what: string;
  /** Shape of the whole 200 body. */
  readonly answer: z.ZodType<T>;
  /** A body that says `success: false` with status 200 is an answer, not a refusal. */
  readonly failureIsAnswer?: boolean;
  /** Bytes. Default 8 MiB. */
  readonly maxBytes?: number;
  /** A better error than the general rule gives; undefined falls back to it. */
  readonly refine?: (refusal: Refusal) => DomainError | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Asked right before the request is written; what it throws keeps it from being sent. Connecting then may take only
   * a moment, for the answer to stay true.
   */
  readonly beforeSend?: (() => void) | undefined;
}

/** How a request that must not come late is sent. */
export type Sending = Pick<Call<unknown>, "signal" | "beforeSend">;

export interface Transport {
  readonly api: <T>(call: Call<T>) => Promise<T>;
  /** @throws DomainError `ktrdr_bad_answer` when the address KTRDR gave is no http address. */
  readonly worker: <T>(endpointUrl: string, call: Call<T>) => Promise<T>;
  /** Closes idle connections. */
  readonly close: () => void;
}

const CONNECTIONS = 20;
/** uvicorn closes idle connections after 5 s; leaving them first avoids writing into a closing socket. */
const IDLE_MS = 4_000;
const DEFAULT_MAX_BYTES = 8 * 1024 * 1024;

/** Failures that come before a single byte of the request left. */
const NEVER_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
  "ERR_INVALID_URL",
]);

/** A redirect that only mends the trailing slash, on the same origin (contract §1.1). */
function isSlashRedirect(response: PlainResponse): boolean {
  const { location } = response.headers;
  if (response.statusCode !== 307 || location === undefined) return false;
  const from = response.requestUrl;
  if (!URL.canParse(location, from.href)) return false;
  const to = new URL(location, from);
  const bare = (path: string): string => path.replace(/\/$/, "");
  return to.origin === from.origin && bare(to.pathname) === bare(from.pathname) && to.search === from.search;
}

function createClient(timeoutMs: number, agent: { http: http.Agent; https: https.Agent }): Got {
  return got.extend({
    agent,
    throwHttpErrors: false,
    decompress: false,
    strictContentLength: true,
    followRedirect: isSlashRedirect,
    maxRedirects: 1,
    timeout: { connect: Math.min(timeoutMs, 5_000), request: timeoutMs },
    retry: {
      limit: 2,
      methods: ["GET"],
      statusCodes: [502, 504],
      errorCodes: ["ECONNRESET", "EPIPE", "ECONNREFUSED"],
      maxRetryAfter: 0,
      calculateDelay: ({ computedValue, attemptCount }) => (computedValue === 0 ? 0 : 100 * attemptCount),
    },
    headers: { accept: "application/json", "user-agent": "ktrdr-mcp" },
    hooks: {
      beforeRequest: [
        (options) => {
          const { surface, base, beforeSend } = options.context as {
            surface: Surface;
            base: URL;
            beforeSend?: () => void;
          };
          // Redirects come through here too.
          assertAllowed(surface, base, options.method, new URL(String(options.url)));
          beforeSend?.();
        },
      ],
    },
  });
}

/** Milliseconds, together with the caller's own limit well within the margin of a start in flight. */
const PROMPT = { lookup: 1_500, connect: 1_500 };

/** A process that was stopped while it connected would write its request as soon as it goes on. */
function askOnConnect(request: http.ClientRequest, beforeSend: (() => void) | undefined): void {
  request.once("socket", (socket) => {
    if (!socket.connecting) return;
    socket.prependOnceListener("connect", () => {
      try {
        beforeSend?.();
      } catch (error) {
        request.destroy(error as Error);
      }
    });
  });
}

interface Answer {
  readonly status: number;
  readonly bytes: Buffer;
  readonly attempts: number;
}

class TooLarge extends Error {}

/** One HTTP exchange under the size cap. Rejects with got's errors, `TooLarge` or the signal's reason. */
async function exchange<T>(
  client: Got,
  { surface, base }: { readonly surface: Surface; readonly base: URL },
  call: Call<T>,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const url = new URL(`${base.href.replace(/\/+$/, "")}${call.path}`);
  for (const [name, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const cap = call.maxBytes ?? DEFAULT_MAX_BYTES;
  const overflow = new AbortController();
  const signal = call.signal === undefined ? overflow.signal : AbortSignal.any([overflow.signal, call.signal]);
  const request = client(url, {
    method: call.method,
    context: { surface, base, beforeSend: call.beforeSend },
    signal,
    headers,
    responseType: "buffer",
    ...(call.body === undefined ? {} : { json: call.body }),
    ...(call.beforeSend === undefined ? {} : { timeout: PROMPT }),
  });
  if (call.beforeSend !== undefined) void request.on("request", (sent) => askOnConnect(sent, call.beforeSend));
  void request.on("downloadProgress", ({ transferred, total }) => {
    if (transferred > cap || (total ?? 0) > cap) overflow.abort(new TooLarge(`more than ${cap} bytes`));
  });
  try {
    const response = await request;
    return { status: response.statusCode, bytes: Buffer.from(response.body), attempts: response.retryCount + 1 };
  } catch (error) {
    if (overflow.signal.aborted) throw overflow.signal.reason as TooLarge;
    throw error;
  }
}

function transportError<T>(error: unknown, call: Call<T>): unknown {
  const { nature, what, signal } = call;
  if (signal?.aborted === true) {
    // A deadline is a fact about KTRDR; any other abort is the caller's own business and keeps its reason.
    const reason: unknown = signal.reason;
    const deadline = reason instanceof DOMException && reason.name === "TimeoutError";
    return deadline ? noAnswer(nature, what, true, "No answer within the caller's deadline.") : reason;
  }
  if (error instanceof TooLarge) return badAnswer(nature, what, `The answer is too large: ${error.message}.`);
  if (!(error instanceof RequestError)) return error;
  if (error.cause instanceof DomainError) return error.cause;
  if (error instanceof TimeoutError) {
    const connected = !["lookup", "connect", "secureConnect"].includes(error.event);
    return noAnswer(nature, what, connected, connected ? "No answer in time." : "No connection in time.");
  }
  return noAnswer(nature, what, !NEVER_SENT.has(error.code), connectionWords(error.code), error);
}

function parseJson(bytes: Buffer): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(bytes.toString("utf8")) as unknown };
  } catch {
    // Also where Python's NaN and Infinity end.
    return null;
  }
}

/** Turns a received answer into the value asked for, or throws the domain error it means. */
function interpret<T>(answer: Answer, call: Call<T>): T {
  const { nature, what } = call;
  const json = parseJson(answer.bytes);
  const saysNo =
    typeof json?.value === "object" && json.value !== null && "success" in json.value && json.value.success === false;
  if (answer.status !== 200 || (saysNo && call.failureIsAnswer !== true)) {
    const refusal = readRefusal(answer.status, json?.value);
    throw call.refine?.(refusal) ?? refusalError(refusal, nature, what);
  }
  if (json === null) throw badAnswer(nature, what, "The body is not JSON.");
  const parsed = call.answer.safeParse(json.value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw badAnswer(nature, what, `Unexpected shape at ${issue?.path.join(".") ?? "?"}: ${issue?.message ?? "?"}`);
}

/** Base address without trailing slash and without a repeated `/api/v1`. */
function parseBase(address: string, strip: RegExp): URL {
  const base = new URL(address);
  if (!/^https?:$/.test(base.protocol)) throw new TypeError("not an http address");
  base.search = "";
  base.hash = "";
  base.pathname = base.pathname.replace(strip, "");
  return base;
}

/** The one way to KTRDR: pool, time limit, size cap, allow-list, error rule. */
export function createTransport(options: TransportOptions): Transport {
  const pool = { keepAlive: true, maxSockets: CONNECTIONS, maxFreeSockets: CONNECTIONS, timeout: IDLE_MS };
  const agent = { http: new http.Agent(pool), https: new https.Agent(pool) };
  const client = createClient(options.requestTimeoutMs, agent);
  const pass = createGate(CONNECTIONS);
  const guarded: Breaker = createBreaker(options.breakerFailures ?? 0, options.onBreaker);
  const apiBase = parseBase(options.baseUrl, /(\/api\/v1)?\/*$/);

  const traced: TraceRequest = options.traceRequest ?? ((_endpoint, send) => send({}));

  const run = async <T>(surface: Surface, base: URL, call: Call<T>): Promise<T> => {
    let answer: Answer | null = null;
    let attempts = 1;
    // An open breaker asks nothing: there is no request to tell of.
    let asked = false;
    const endpoint = endpointOf(surface, call.method, call.path);
    const begun = performance.now();
    try {
      answer = await traced(endpoint, (headers) =>
        guarded(call.what, () => {
          asked = true;
          return pass(() => exchange(client, { surface, base }, call, headers), call.signal);
        }),
      );
      attempts = answer.attempts;
    } catch (error) {
      if (error instanceof RequestError) attempts = (error.request?.retryCount ?? 0) + 1;
      throw transportError(error, call);
    } finally {
      const info: RequestInfo = {
        surface,
        method: call.method,
        path: call.path,
        endpoint,
        aborted: answer === null && call.signal?.aborted === true,
        status: answer?.status ?? null,
        attempts,
        bytes: answer?.bytes.byteLength ?? 0,
        durationMs: performance.now() - begun,
      };
      options.logger?.debug(info, "ktrdr request");
      if (asked) options.onRequest?.(info);
    }
    return interpret(answer, call);
  };

  return {
    api: (call) => run("api", apiBase, call),
    worker: async (endpointUrl, call) => {
      let base: URL;
      try {
        base = parseBase(endpointUrl, /\/*$/);
      } catch {
        throw badAnswer(call.nature, call.what, "The worker's address is not an http address.");
      }
      return run("worker", base, call);
    },
    close: () => {
      agent.http.destroy();
      agent.https.destroy();
    },
  };
}
