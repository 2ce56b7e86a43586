import { once } from "node:events";
import { connect } from "node:net";
import { Hono } from "hono";
import { expect, onTestFinished, test } from "vitest";
import type { HttpEnv } from "../../src/http/bindings.ts";
import { listen } from "../../src/http/listen.ts";
import { createWork } from "../../src/http/work.ts";

test("an answer that nobody reads gives its place back", async () => {
  const work = createWork({ all: 1, each: 1, quietMs: 200 });
  const app = new Hono<HttpEnv>();
  app.use(async ({ set }, next) => {
    set("caller", { name: "reader", scope: "read", source: "token" });
    await next();
  });
  // More bytes than the system buffers for a slow reader.
  app.get("/large", work.bounded, ({ body }) => body(new ArrayBuffer(64 * 1_048_576)));
  app.get("/small", work.bounded, ({ body }) => body("small"));
  const { server, port } = await listen(app, { host: "127.0.0.1", port: 0, requestTimeoutMs: 10_000 });
  onTestFinished(() => server.closeAllConnections());
  const socket = connect(port, "127.0.0.1").pause();
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await expect.poll(() => work.count).toBe(1);
  const small = `http://127.0.0.1:${port}/small`;
  expect((await fetch(small)).status).toBe(503);
  await work.idle();
  expect(await (await fetch(small)).text()).toBe("small");
  server.close();
});
