import http from "node:http";
import https from "node:https";
import { RequestError } from "got";
import type { Logger } from "../logger.ts";
import { endpointOf, type Method, type Surface } from "./allow-list.ts";
import type { BreakerState, KtrdrRequest } from "../domain/ktrdr-request.ts";
import { createBreaker, type Breaker } from "./breaker.ts";
import type { Call } from "./call.ts";
import { createClient, exchange, type Answer } from "./exchange.ts";
import { createGate } from "./gate.ts";
import { assertNoHoldout } from "./holdout-guard.ts";
import { interpret, transportError } from "./outcome.ts";
import { badAnswer } from "./refusal.ts";

/** With what only the log says. */
export interface RequestInfo extends KtrdrRequest {
  readonly surface: Surface;
  readonly method: Method;
  /** Path as sent, without query. */
  readonly path: string;
  readonly attempts: number;
  readonly bytes: number;
}

export interface TransportOptions {
  /** Base address of the API, without `/api/v1`. */
  readonly baseUrl: string;
  /** Limit of one attempt, connect to last byte. */
  readonly requestTimeoutMs: number;
  /** After so many requests in a row without an answer the breaker opens. Absent: it never does. */
  readonly breakerFailures?: number;
  /** Called when the breaker's state changes. */
  readonly onBreaker?: (state: BreakerState) => void;
  readonly logger?: Pick<Logger, "debug">;
  readonly onRequest?: (info: RequestInfo) => void;
  /** Sends each request inside a trace, with the trace's headers. */
  readonly traceRequest?: TraceRequest;
}

export type TraceRequest = <T extends { readonly status: number }>(
  endpoint: string,
  send: (headers: Readonly<Record<string, string>>) => Promise<T>,
) => Promise<T>;

export interface Transport {
  readonly api: <T>(call: Call<T>) => Promise<T>;
  /** @throws DomainError `ktrdr_bad_answer` when the address KTRDR gave is no http address. */
  readonly worker: <T>(endpointUrl: string, call: Call<T>) => Promise<T>;
  /** Closes idle connections. */
  readonly close: () => void;
}

const CONNECTIONS = 20;
/** uvicorn closes idle connections after 5 s. We close them before, so that no request meets a closing one. */
const IDLE_MS = 4_000;
/** Base address without trailing slash and without a repeated `/api/v1`. */
function parseBase(address: string, strip: RegExp): URL {
  const base = new URL(address);
  if (!/^https?:$/.test(base.protocol)) throw new TypeError("not an http address");
  base.search = "";
  base.hash = "";
  base.pathname = base.pathname.replace(strip, "");
  return base;
}

/** The only way to KTRDR: with connection pool, time limits, size limit, allow-list and the rule for errors. */
export function createTransport(options: TransportOptions): Transport {
  const pool = { keepAlive: true, maxSockets: CONNECTIONS, maxFreeSockets: CONNECTIONS, timeout: IDLE_MS };
  const agent = { http: new http.Agent(pool), https: new https.Agent(pool) };
  const client = createClient(options.requestTimeoutMs, agent);
  const pass = createGate(CONNECTIONS);
  const guarded: Breaker = createBreaker(options.breakerFailures ?? 0, options.onBreaker);
  const apiBase = parseBase(options.baseUrl, /(\/api\/v1)?\/*$/);

  const traced: TraceRequest = options.traceRequest ?? ((_endpoint, send) => send({}));

  const run = async <T>(surface: Surface, base: URL, call: Call<T>): Promise<T> => {
    assertNoHoldout(call);
    let answer: Answer | null = null;
    let attempts = 1;
    // While the breaker is open no request is sent, so none is reported.
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
