/** Checks each message of a client before any other code sees it, over stdio and HTTP alike. */
import type { JSONRPCMessage } from "@modelcontextprotocol/server";
import { oneLine } from "../../domain/plain-text.ts";
import { excess } from "./bounds.ts";
import { isObject } from "./is-object.ts";
import { mendParams, wrongParams } from "./params.ts";

/** Bytes of one message; the largest strategy is a small part of it. */
export const MAX_MESSAGE_BYTES = 1_048_576;

const PARSE_ERROR = -32_700;
const INVALID_REQUEST = -32_600;
const INVALID_PARAMS = -32_602;

/** A message that is refused without being served. */
export interface Refused {
  readonly answer: {
    readonly jsonrpc: "2.0";
    /** Null when none can be read. */
    readonly id: string | number | null;
    readonly error: { readonly code: number; readonly message: string };
  };
  /** Whether only the parameters of the request are wrong. */
  readonly wellFormed: boolean;
  /** The tool that the message names. */
  readonly tool: string | null;
}

/** `served`: well-formed; `refused`: answered with an error; `nothing`: wrong, and wants no answer. */
export type Read = { readonly served: JSONRPCMessage } | { readonly refused: Refused } | { readonly nothing: string };

/** @param line the bytes of one message */
export function readBytes(line: Uint8Array): Read {
  if (line.length > MAX_MESSAGE_BYTES) {
    const ends = Buffer.concat([line.subarray(0, ENDS_BYTES), line.subarray(-ENDS_BYTES)]);
    return refuse(idIn(ends.toString()), INVALID_REQUEST, `the message is larger than ${MAX_MESSAGE_BYTES} bytes`);
  }
  let text: string;
  try {
    text = UTF8.decode(line);
  } catch {
    return refuse(idIn(Buffer.from(line).toString()), PARSE_ERROR, "the message is not UTF-8");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse(idIn(text), PARSE_ERROR, "the message is not JSON");
  }
  return readMessage(value);
}

/** Also removes a byte order mark. */
const UTF8 = new TextDecoder("utf-8", { fatal: true });

const ENDS_BYTES = 4_096;

/** The id of a text that cannot be parsed, if it is complete and the first or the last entry of the message. */
function idIn(text: string): string | number | null {
  const id = String.raw`"id"\s*:\s*("(?:[^"\\\uFFFD]|\\.){0,200}"|-?\d{1,15})`;
  const before = String.raw`^\W{0,2}\{\s*(?:"(?:jsonrpc|method)"\s*:\s*"[^"\\]*"\s*,\s*){0,2}`;
  const found = new RegExp(`${before}${id}\\s*[,}]`).exec(text) ?? new RegExp(`${id}\\s*\\}\\s*$`).exec(text);
  return found?.[1] === undefined ? null : (JSON.parse(found[1]) as string | number);
}

export function readMessage(value: unknown): Read {
  if (Array.isArray(value)) {
    return refuse(null, INVALID_REQUEST, "batches are not served: send each message by itself");
  }
  if (!isObject(value)) return refuse(null, INVALID_REQUEST, "a message is a JSON object");
  const { jsonrpc, id, method, params } = value;
  const known = idOf(id);
  const isAnswer = method === undefined && ("result" in value || "error" in value);
  const wrong = wrongEnvelope(value, isAnswer);
  if (isAnswer) return wrong === null ? { served: value as unknown as JSONRPCMessage } : { nothing: wrong };
  if (wrong !== null) return refuse(known, INVALID_REQUEST, wrong, toolIn(value));
  const named = typeof method === "string" ? method : "";
  const mended = isObject(params) ? mendParams(named, params) : undefined;
  const unusable = wrongParams(named, mended ?? {});
  if (unusable !== null) {
    const why = `the parameters of ${named.slice(0, 100)} are not usable: ${unusable}`;
    return "id" in value ? refuse(known, INVALID_PARAMS, why, toolIn(value)) : { nothing: why };
  }
  const given = mended === undefined ? {} : { params: mended };
  return { served: { jsonrpc, method, ...("id" in value ? { id } : {}), ...given } as unknown as JSONRPCMessage };
}

function wrongEnvelope(value: Readonly<Record<string, unknown>>, isAnswer: boolean): string | null {
  const tooMuch = excess(value);
  if (tooMuch !== null) return `the message is too large to be read: ${tooMuch}`;
  if (value["jsonrpc"] !== "2.0") return 'a message has "jsonrpc": "2.0"';
  if ("id" in value && !isId(value["id"])) return "the id of a message is a string or an integer";
  if (isAnswer) return null;
  if (typeof value["method"] !== "string") return "the method of a message is a string";
  if ("params" in value && !isObject(value["params"])) return "the params of a message are an object, or left out";
  return null;
}

const MOST_ID_CHARS = 1_000;
const isId = (id: unknown): boolean =>
  (typeof id === "string" && id.length <= MOST_ID_CHARS) || (typeof id === "number" && Number.isSafeInteger(id));

const idOf = (id: unknown): string | number | null =>
  isId(id) || (typeof id === "number" && Number.isFinite(id)) ? (id as string | number) : null;

function toolIn({ method, params }: Readonly<Record<string, unknown>>): string | null {
  const name = method === "tools/call" && isObject(params) ? params["name"] : null;
  return typeof name === "string" ? name : null;
}

const MOST_WORDS = 900;

const refuse = (id: string | number | null, code: number, why: string, tool: string | null = null): Read => ({
  refused: {
    answer: {
      jsonrpc: "2.0",
      id,
      error: { code, message: oneLine(`[invalid_input ${code}] The message is refused: ${why}.`, MOST_WORDS) },
    },
    wellFormed: code === INVALID_PARAMS,
    tool,
  },
});
