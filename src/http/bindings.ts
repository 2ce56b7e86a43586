import type { HttpBindings } from "@hono/node-server";
import type { Reader } from "../domain/identity.ts";
import type { KnownCaller } from "../mcp/server-parts.ts";

/** What routes know about the connection and who asks: the caller at /mcp and /metrics, the reader on the page. */
export interface HttpEnv {
  readonly Bindings: HttpBindings;
  readonly Variables: { caller: KnownCaller; reader: Reader };
}
