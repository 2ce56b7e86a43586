/** POST /mcp: reads one message as over stdio does, and answers in a form that the client accepts. */
import { randomUUID } from "node:crypto";
import { isJsonContentType, type JSONRPCMessage, type McpHttpHandler } from "@modelcontextprotocol/server";
import type { Context } from "hono";
import type { Read, Refused } from "../mcp/message/read-message.ts";
import type { KnownCaller } from "../mcp/server-parts.ts";
import { BOTH, inOnePiece, takenBy } from "./accept.ts";
import type { HttpEnv } from "./bindings.ts";
import { authInfoOf } from "./caller.ts";
import { refusal } from "./refusal.ts";

export interface MessageParts {
  readonly mcp: Pick<McpHttpHandler, "fetch">;
  /** Reads the bytes of a message, which has at most `maxBytes`. */
  readonly messages: { readonly read: (body: Uint8Array) => Read; readonly maxBytes: number };
  /** Refuses a call beyond a limit before a server is made for it; null for all other messages. */
  readonly early: (caller: KnownCaller, message: JSONRPCMessage) => Promise<object | null>;
  /** Called for each message that is refused without being served. */
  readonly onRefused: (refused: Refused, caller: KnownCaller) => void;
}

/** From this version on an error in the parameters is an error of HTTP as well. */
const STATELESS = "2026-07-28";

export function serveMessages({ mcp, messages, early, onRefused }: MessageParts) {
  return async ({ req: { raw }, get, env }: Context<HttpEnv>): Promise<Response> => {
    const caller = told(get("caller"), raw, env.incoming.socket.remoteAddress);
    const authInfo = authInfoOf(caller);
    if (raw.method !== "POST") return await mcp.fetch(raw, { authInfo });
    if (!isJsonContentType(raw.headers.get("content-type"))) {
      return refusal(415, "Send the message as JSON, with the header `content-type: application/json`.");
    }
    const taken = takenBy(raw.headers.get("accept"));
    if (taken === null) {
      return refusal(
        406,
        "Answers are JSON or a stream of events: send `accept: application/json, text/event-stream`.",
      );
    }
    const body = await bodyOf(raw, messages.maxBytes);
    if (typeof body === "string") return refusal(413, body);
    const read = messages.read(body);
    if ("nothing" in read) return refusal(400, read.nothing);
    if ("refused" in read) {
      onRefused(read.refused, caller);
      const { answer, wellFormed } = read.refused;
      const inBand = wellFormed && (raw.headers.get("mcp-protocol-version") ?? "") < STATELESS;
      return Response.json(answer, { status: inBand ? 200 : 400 });
    }
    const listens = "method" in read.served && read.served.method === "subscriptions/listen";
    if (listens && taken !== "stream") {
      return refusal(406, "A subscription is a stream of events: send `accept: application/json, text/event-stream`.");
    }
    const tooMany = await early(caller, read.served);
    if (tooMany !== null) return Response.json(tooMany);
    const headers = new Headers(raw.headers);
    headers.set("accept", BOTH);
    const request = new Request(raw.url, { method: "POST", headers, signal: raw.signal });
    const response = await mcp.fetch(request, { authInfo, parsedBody: read.served });
    if (caller.from !== undefined && "method" in read.served && read.served.method === "initialize") {
      response.headers.set(SESSION, randomUUID());
    }
    return taken === "json" ? await inOnePiece(response) : response;
  };
}

/**
 * Clients from before 2026-07-28 say their name only once. They get an id that they repeat with every call, by which
 * the limits tell one client from another. It means nothing else.
 */
const SESSION = "mcp-session-id";
const MOST_SESSION_CHARS = 100;

function told(caller: KnownCaller, { headers }: Request, address: string | undefined): KnownCaller {
  if (caller.name !== null) return caller;
  const session = headers.get(SESSION)?.slice(0, MOST_SESSION_CHARS);
  const agent = headers.get("user-agent")?.slice(0, MOST_SESSION_CHARS);
  return { ...caller, from: session ?? `${address ?? ""} ${agent ?? ""}` };
}

/** The bytes of a body, or the text that refuses it: no more than `most` bytes are read. */
async function bodyOf(request: Request, most: number): Promise<Uint8Array | string> {
  const tooLarge = `A message has at most ${most} bytes.`;
  const length = request.headers.get("content-length");
  if (Number(length ?? 0) > most) return tooLarge;
  // No more than the given length can come; a body without a length is counted while it is read.
  if (length !== null) return new Uint8Array(await request.arrayBuffer());
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > most) return tooLarge;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
