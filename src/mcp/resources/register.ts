import {
  ProtocolError,
  ProtocolErrorCode,
  ResourceTemplate,
  type CallToolResult,
  type McpServer,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { APP, showsApps } from "../app/app.ts";
import { visible } from "../../domain/plain-text.ts";
import type { Deps } from "../../research/ports.ts";
import type { ResultWatch } from "./result-watch.ts";
import { RESOURCE_KINDS, uriOf, type ResourceKind } from "./templates.ts";

const LISTED = 20;
const COMPLETIONS = 50;

export interface ResourceParts {
  readonly deps: () => Promise<Deps>;
  /** A tool's answer, refused and logged like any call of it. */
  readonly ask: (tool: string, args: unknown, context: ServerContext) => Promise<CallToolResult>;
}

export function registerResources(server: McpServer, parts: ResourceParts): void {
  server.server.setRequestHandler("resources/list", async (_request, context) => {
    const lists = await Promise.all(RESOURCE_KINDS.map(async (kind) => await newest(kind, parts)));
    return { resources: [...(showsApps(server, context) ? [APP] : []), ...lists.flat()] };
  });
  for (const kind of RESOURCE_KINDS) {
    const { scheme, title, description, mimeType } = kind;
    server.registerResource(
      scheme,
      new ResourceTemplate(`${scheme}://{id}`, {
        list: undefined,
        complete: { id: async (start) => (await listed(kind, start ?? "", COMPLETIONS, parts)).map(({ id }) => id) },
      }),
      { title, description, mimeType },
      async (uri, { id }, context) => {
        const asked = decodeURIComponent(String(id));
        const answer = await parts.ask(kind.tool, kind.args(asked), context);
        const said = textOf(answer, uri);
        const text = kind.text === undefined ? said : visible(await kind.text(await parts.deps(), asked));
        return { contents: [{ uri: uri.href, mimeType, text }] };
      },
    );
  }
}

/** Lists nothing while a part is down; the tools say why. */
async function listed(kind: ResourceKind, start: string, limit: number, { deps }: ResourceParts) {
  try {
    const all = await kind.list(await deps());
    return all.filter(({ id }) => id.startsWith(start)).slice(0, limit);
  } catch {
    return [];
  }
}

async function newest(kind: ResourceKind, parts: ResourceParts) {
  const { scheme, title, mimeType } = kind;
  const found = await listed(kind, "", LISTED, parts);
  return found.map(({ id, about }) => ({ uri: uriOf(scheme, id), name: id, title, description: about, mimeType }));
}

/** @throws ProtocolError with the tool's error text */
function textOf({ isError, content }: CallToolResult, uri: URL): string {
  const [block] = content;
  const text = block?.type === "text" ? block.text : "";
  if (isError === true) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `${uri.href}: ${text}`);
  return text;
}

/** For clients that subscribe by a request (until 2025-11-25); later ones name resources when they listen. */
export function registerSubscriptions(server: McpServer, watch: ResultWatch): void {
  const jobOf = (uri: string): string => {
    const { protocol, host, pathname } = new URL(uri);
    if (protocol === "result:") return decodeURIComponent(host + pathname);
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `${uri} does not change by itself: only result:// does`);
  };
  server.server.setRequestHandler("resources/subscribe", ({ params }) => {
    watch.follow(jobOf(params.uri));
    return {};
  });
  server.server.setRequestHandler("resources/unsubscribe", ({ params }) => {
    watch.unfollow(jobOf(params.uri));
    return {};
  });
}
