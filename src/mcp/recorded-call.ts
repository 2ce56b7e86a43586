import { CLIENT_INFO_META_KEY, type JSONRPCMessage } from "@modelcontextprotocol/server";
import { clientIn, countedAs, UNKNOWN } from "./client-info.ts";
import { toToolError } from "./errors.ts";
import type { ToolExecution } from "../store/execution-log.ts";
import type { Refused } from "./message/read-message.ts";
import type { KnownCaller, ServerParts } from "./server-parts.ts";

type Watchers = Pick<ServerParts, "executions" | "onCall">;
type Call = Omit<ToolExecution, "id" | "at" | "durationMs" | "errorCode" | "taskId">;

/**
 * Begins to record a call.
 * @returns a function to call once, when the call is answered; it writes the log and the metrics and never throws
 */
export function recordedCall({ executions, onCall }: Watchers, call: Call) {
  const at = new Date().toISOString();
  const started = performance.now();
  return (errorCode: string | null, taskId: string | null): void => {
    const durationMs = performance.now() - started;
    onCall?.({ tool: call.tool, errorCode, durationMs });
    executions.record({
      // The global one: to import `node:crypto` takes a server that starts ten milliseconds.
      id: crypto.randomUUID(),
      ...call,
      errorCode,
      durationMs: Math.round(durationMs),
      taskId: taskId ?? taskIdIn(call.arguments),
      at,
    });
  };
}

/** Records a call that was refused before any tool saw it: who, which tool and why, but not what was sent. */
export function recordRefusal(parts: Watchers & Pick<ServerParts, "log">, caller: KnownCaller, refused: Refused): void {
  const { tool, answer } = refused;
  const text = answer.error.message;
  parts.log.info({ reason: text }, "a message was refused");
  if (tool === null) return;
  const identity = { name: caller.name ?? UNKNOWN, source: caller.source };
  const named = { tool: tool.slice(0, MOST_TOOL_CHARS), clientName: UNKNOWN, clientVersion: UNKNOWN };
  recordedCall(parts, { ...named, arguments: { refused: text }, identity })("invalid_input", null);
}

/** Refuses a call of a client that has used up its calls, before a server is built for it; null for other messages. */
export async function refusedEarly(
  parts: Watchers & Pick<ServerParts, "log" | "admission">,
  caller: KnownCaller,
  message: JSONRPCMessage,
): Promise<object | null> {
  if (!("method" in message) || !("id" in message) || message.method !== "tools/call") return null;
  const { name, arguments: args, _meta } = message.params ?? {};
  if (typeof name !== "string") return null;
  const claimed = typeof _meta === "object" && _meta !== null ? Reflect.get(_meta, CLIENT_INFO_META_KEY) : undefined;
  const client = clientIn(claimed);
  const error = await parts.admission.usedUp(countedAs(caller, client), name);
  if (error === null) return null;
  const { code, text } = toToolError(error, name, parts.log);
  const identity = { name: caller.name ?? client.name, source: caller.source };
  const named = { tool: name, clientName: client.name, clientVersion: client.version };
  recordedCall(parts, { ...named, arguments: args, identity })(code, null);
  const result = { isError: true, content: [{ type: "text", text }], resultType: "complete" };
  return { jsonrpc: "2.0", id: message.id, result };
}

const MOST_TOOL_CHARS = 100;

export function taskIdIn(value: unknown): string | null {
  const id: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "task_id") : undefined;
  return typeof id === "string" ? id.slice(0, 200) : null;
}
