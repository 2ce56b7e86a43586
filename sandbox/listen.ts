import type { Hono } from "hono";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { once } from "node:events";
import { getRequestListener } from "@hono/node-server";
import type { SandboxEnv } from "./http/env.ts";

/** Serves the app; port 0 takes a free one. Resolves once it listens; rejects when the port is taken. */
export async function listen(
  app: Hono<SandboxEnv>,
  port: number,
  host: string,
): Promise<{ server: Server; port: number }> {
  const listener = getRequestListener((request, env) => app.fetch(request, env as SandboxEnv["Bindings"]));
  const server = createServer((request, response) => {
    void listener(request, response);
  });
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening on a port");
  return { server, port: address.port };
}
