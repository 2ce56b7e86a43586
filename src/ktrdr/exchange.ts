/** One HTTP exchange of a call: the request, its limits, and the bytes of the answer. */
import type http from "node:http";
import type https from "node:https";
import got, { type Got } from "got";
import { assertAllowed, type Surface } from "./allow-list.ts";
import type { Call } from "./call.ts";

const DEFAULT_MAX_BYTES = 8 * 1024 * 1024;

export function createClient(timeoutMs: number, agent: { http: http.Agent; https: https.Agent }): Got {
  return got.extend({
    agent,
    throwHttpErrors: false,
    decompress: false,
    strictContentLength: true,
    followRedirect: false,
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
          // Retries come through here too.
          assertAllowed(surface, base, options.method, new URL(String(options.url)));
          beforeSend?.();
        },
      ],
    },
  });
}

/** Milliseconds. Together with the caller's own limit they stay well below the time that a start counts as in flight. */
const PROMPT = { lookup: 1_500, connect: 1_500 };

/** Calls `beforeSend` after connecting: a process that hung while it connected would else send its request late. */
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

export interface Answer {
  readonly status: number;
  readonly bytes: Buffer;
  readonly attempts: number;
}

export class TooLarge extends Error {}

/** One HTTP exchange under the size cap. Rejects with got's errors, `TooLarge` or the signal's reason. */
export async function exchange<T>(
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
