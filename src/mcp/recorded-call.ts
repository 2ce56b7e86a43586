import { randomUUID } from "node:crypto";
import type { ToolExecution } from "../store/execution-log.ts";
import type { Refused } from "./message/read-message.ts";
import type { KnownCaller, ServerParts } from "./server.ts";

type Watchers = Pick<ServerParts, "executions" | "onCall">;
type Call = Omit<ToolExecution, "id" | "at" | "durationMs" | "errorCode" | "taskId">;

/**
 * Begins to keep account of a call.
 * @returns to be called once, when it is answered: writes it into the log and the metrics. Never throws.
 */
export function recordedCall({ executions, onCall }: Watchers, call: Call) {
  const at = new Date().toISOString();
  const started = performance.now();
  return (errorCode: string | null, taskId: string | null): void => {
    const durationMs = performance.now() - started;
    onCall?.({ tool: call.tool, errorCode, durationMs });
    executions.record({
      id: randomUUID(),
      ...call,
      errorCode,
      durationMs: Math.round(durationMs),
      taskId: taskId ?? taskIdIn(call.arguments),
      at,
    });
  };
}

/** A call that was refused before any tool saw it: who, which tool and why; what was sent is not kept. */
export function recordRefusal(parts: Watchers & Pick<ServerParts, "log">, caller: KnownCaller, refused: Refused): void {
  const { tool, answer } = refused;
  const text = answer.error.message;
  parts.log.info({ reason: text }, "a message was refused");
  if (tool === null) return;
  const identity = { name: caller.name ?? UNKNOWN, source: caller.source };
  const named = { tool: tool.slice(0, MOST_TOOL_CHARS), clientName: UNKNOWN, clientVersion: UNKNOWN };
  recordedCall(parts, { ...named, arguments: { refused: text }, identity })("invalid_input", null);
}

/** What a client is called that does not say. */
export const UNKNOWN = "unknown";
const MOST_TOOL_CHARS = 100;

export function taskIdIn(value: unknown): string | null {
  const id: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "task_id") : undefined;
  return typeof id === "string" ? id.slice(0, 200) : null;
}
