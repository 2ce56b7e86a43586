import { startHttpServer, type HttpServerParts } from "../http/server.ts";
import { httpSettings } from "../http/settings.ts";
import { MAX_MESSAGE_BYTES, readBytes } from "../mcp/message/read-message.ts";
import { settings as configured } from "./command.ts";

/** Longer than ending the open calls and writing the log take. */
const EXIT_AFTER_MS = 15_000;

const MESSAGES = { read: readBytes, maxBytes: MAX_MESSAGE_BYTES };

/** A server on stdio or HTTP, and how it ends. */
export interface Serving {
  /** When ending takes longer, the process exits without waiting. */
  readonly exitAfterMs: number;
  end(): Promise<void>;
  /** Calls `leave` when the only client has gone. */
  whenLeft?(leave: (reason: string) => void): void;
}

/** @throws DomainError `invalid_input` when a setting that serving needs is wrong or missing */
export async function serveHttp(
  parts: Omit<HttpServerParts, "messages">,
  chosen: { readonly host?: string | undefined; readonly port?: number | undefined },
): Promise<Serving> {
  const settings = httpSettings(await configured(), chosen);
  const server = await startHttpServer(settings, { ...parts, messages: MESSAGES });
  const { host, authenticated } = settings;
  parts.log.info({ host, port: server.port, authenticated }, "serving MCP over HTTP at /mcp");
  return { exitAfterMs: EXIT_AFTER_MS, end: async () => await server.drain() };
}
