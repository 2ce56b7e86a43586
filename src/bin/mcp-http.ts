import type { Context } from "hono";
import { startHttpServer, type HttpServerParts } from "../http/server.ts";
import type { HttpEnv } from "../http/bindings.ts";
import type { Page } from "../http/page-door.ts";
import { httpSettings } from "../http/settings.ts";
import { MAX_MESSAGE_BYTES, readBytes } from "../mcp/message/read-message.ts";
import { createPage } from "../page/page.ts";
import { STYLE } from "../page/places.ts";
import { settings as configured } from "./command.ts";
import type { PageApprovals } from "./page-approvals.ts";

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
  {
    readers,
    approvals,
    ...parts
  }: Omit<HttpServerParts, "messages" | "page"> & {
    /** Who may read the page. */
    readonly readers: Page["access"];
    /** By which a human decides on it. */
    readonly approvals: () => Promise<PageApprovals>;
  },
  chosen: { readonly host?: string | undefined; readonly port?: number | undefined },
): Promise<Serving> {
  const settings = httpSettings(await configured(), chosen);
  const approving = ({ var: { reader } }: Context<HttpEnv>) => {
    const { approver } = reader;
    return approver === null ? null : { offer: async (id: string) => await (await approvals()).offer(approver, id) };
  };
  const page: Page = {
    app: createPage<HttpEnv>({ ...parts, approving }),
    style: STYLE,
    access: readers,
    decide: async (...sent) => await (await approvals()).decide(...sent),
  };
  const server = await startHttpServer(settings, { ...parts, messages: MESSAGES, page });
  const { host, authenticated } = settings;
  parts.log.info({ host, port: server.port, authenticated }, "serving MCP over HTTP at /mcp, and the page at /");
  return { exitAfterMs: EXIT_AFTER_MS, end: async () => await server.drain() };
}
