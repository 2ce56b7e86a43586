import type { HttpBindings } from "@hono/node-server";

/** Handlers may reach the socket, which some faults cut. */
export interface SandboxEnv {
  Bindings: HttpBindings;
}
