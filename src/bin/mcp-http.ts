import { startHttpServer, type HttpServerParts } from "../http/server.ts";
import { httpSettings } from "../http/settings.ts";
import { MAX_MESSAGE_BYTES, readBytes } from "../mcp/message/read-message.ts";
import { settings as configured } from "./command.ts";

/** Longer than the drain and the writing of the log. */
const EXIT_AFTER_MS = 15_000;

const MESSAGES = { read: readBytes, maxBytes: MAX_MESSAGE_BYTES };

/** One way of serving, and how it ends. */
export interface Serving {
  /** The process is ended by force when the end takes longer. */
  readonly exitAfterMs: number;
  end(): Promise<void>;
  /** Tells when the only client has gone. */
  whenLeft?(leave: (reason: string) => void): void;
}

/** @throws DomainError `invalid_input` when the settings cannot be served with */
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
