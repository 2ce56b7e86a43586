import type { HttpBindings } from "@hono/node-server";
import type { KnownCaller } from "../mcp/server.ts";

/** What routes know of the connection they answer on, and of who asks. */
export interface HttpEnv {
  readonly Bindings: HttpBindings;
  readonly Variables: { caller: KnownCaller };
}
