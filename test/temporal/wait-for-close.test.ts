import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { lazyClient } from "../../src/temporal/connection.ts";
import { createJobs } from "../../src/temporal/jobs.ts";
import { SETTINGS } from "../support/job-inputs.ts";

const UNAVAILABLE = "14";
/** Less than the pause that the client makes before it asks again, and long enough for it to have begun. */
const WITHIN_PAUSE_MS = 40;
const NET_MS = 25_000;

test("a wait that is aborted between two attempts of the client ends at once", async () => {
  const refused = Promise.withResolvers<void>();
  const server = createServer();
  let asked = 0;
  // It is unavailable once, and never answers afterwards.
  server.on("stream", (stream) => {
    stream.on("error", () => undefined);
    asked += 1;
    if (asked > 1) return;
    stream.respond(
      { ":status": 200, "content-type": "application/grpc", "grpc-status": UNAVAILABLE },
      { endStream: true },
    );
    stream.on("close", refused.resolve);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const client = lazyClient({ connection: { address: `127.0.0.1:${port}` }, namespace: "default" });
  onTestFinished(async () => {
    await client.connection.close();
    server.close();
  });
  const abort = new AbortController();
  const waiting = createJobs(client, SETTINGS).waitForClose("train-a-1", 600_000, abort.signal);
  await refused.promise;
  await delay(WITHIN_PAUSE_MS);
  abort.abort();
  expect(await Promise.race([waiting, delay(NET_MS, "still waiting", { ref: false })])).toBeUndefined();
});
