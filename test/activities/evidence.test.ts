import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { askWorker } from "../../src/activities/evidence.ts";
import { createKtrdr } from "../../src/ktrdr/ktrdr.ts";
import { freePort } from "../support/ports.ts";

const ktrdr = createKtrdr({ baseUrl: "http://127.0.0.1:1", requestTimeoutMs: 500 });

describe("asking a worker", () => {
  it("takes a refused connection for a dead process only where the worker has answered before", async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    expect(await askWorker(ktrdr, { endpoint, reached: endpoint }, "op-1")).toEqual({ kind: "refused" });
    // The registry's address may be meant for KTRDR's own network.
    expect(await askWorker(ktrdr, { endpoint, reached: null }, "op-1")).toEqual({ kind: "silent" });
    const elsewhere = "http://no-such-host.invalid:5003";
    expect(await askWorker(ktrdr, { endpoint: elsewhere, reached: null }, "op-1")).toEqual({ kind: "silent" });
  });

  it("takes silence for nothing but silence", async () => {
    const hanging = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(hanging, "listening");
    const endpoint = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`;
    try {
      expect(await askWorker(ktrdr, { endpoint, reached: endpoint }, "op-1")).toEqual({ kind: "silent" });
    } finally {
      hanging.closeAllConnections();
      hanging.close();
    }
  });
});
