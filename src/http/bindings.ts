import type { HttpBindings } from "@hono/node-server";
import type { KnownCaller } from "../mcp/server-parts.ts";

/** What routes know about the connection and the caller. */
export interface HttpEnv {
  readonly Bindings: HttpBindings;
  readonly Variables: { caller: KnownCaller };
}
