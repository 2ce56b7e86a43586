/** The page of a real record, served over HTTP. */
import { startStack, type Stack } from "./mcp-stack.ts";
import { servePage } from "./page-over-http.ts";

export interface PageSite {
  readonly stack: Stack;
  /** Without a slash at the end. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Temporal is away unless it is wanted: then every call to it rejects with `temporal_unavailable`. */
export async function startPageSite(wanted: { readonly temporal?: boolean } = {}): Promise<PageSite> {
  const stack = await startStack(wanted);
  const server = await servePage(async () => stack.deps);
  return {
    stack,
    url: server.url,
    async stop() {
      await server.stop();
      await stack.stop();
    },
  };
}
