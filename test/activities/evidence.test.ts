import { createServer, type RequestListener, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { askWorker, inquire } from "../../src/activities/evidence.ts";
import { createKtrdr } from "../../src/ktrdr/ktrdr.ts";
import { freePort } from "../support/ports.ts";

const ktrdr = createKtrdr({ baseUrl: "http://127.0.0.1:1", requestTimeoutMs: 500 });

describe("asking a worker", () => {
  it("takes a refused connection for a dead process only where the worker has answered before", async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    expect(await askWorker(ktrdr, { endpoint, reached: endpoint }, "op-1")).toEqual({ kind: "refused" });
    // The address in KTRDR's registry may be one that only KTRDR's own network can reach.
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

describe("asking for a resumed operation", () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function serve(handler: RequestListener): Promise<string> {
    const server = createServer(handler).listen(0, "127.0.0.1");
    servers.push(server);
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** A worker that computes the given operation. It answers about any operation as KTRDR's row has it. */
  const worker = async (computing: string | null, asked: string[]) =>
    await serve((request, response) => {
      asked.push(request.url ?? "");
      response.setHeader("content-type", "application/json");
      const isList = request.url?.startsWith("/api/v1/operations?") ?? false;
      const row = { operation_id: computing ?? "op-1", operation_type: "training", status: "running", created_at: NOW };
      const list = computing === null ? [] : [row];
      const progress = { percentage: 40, current_step: "Epoch 4/10", steps_completed: 3, steps_total: 10 };
      response.end(JSON.stringify({ success: true, data: isList ? list : { ...row, progress, metadata: {} } }));
    });

  const api = async (endpoints: readonly string[]) =>
    await serve((_request, response) => {
      response.setHeader("content-type", "application/json");
      const line = (url: string, place: number) => ({
        worker_id: `w${place}`,
        worker_type: "training",
        endpoint_url: url,
        status: "available",
      });
      response.end(JSON.stringify(endpoints.map(line)));
    });

  const NOW = "2026-01-01T00:00:00Z";
  const askAll = async (endpoints: readonly string[]) => {
    const all = createKtrdr({ baseUrl: await api(endpoints), requestTimeoutMs: 500 });
    const place = { workerId: "w0", endpoint: endpoints[0] ?? null, reached: endpoints[0] ?? null, resumed: true };
    return await inquire(all, "training", place, "op-1");
  };

  it("finds the worker that computes it, whichever KTRDR names, and leaves no copy with the others", async () => {
    const [idle, other]: string[][] = [[], []];
    const endpoints = [await worker(null, []), await worker("op-2", idle ?? []), await worker("op-1", other ?? [])];
    const answer = await askAll(endpoints);
    expect(answer.place).toMatchObject({ workerId: "w2", endpoint: endpoints[2], reached: endpoints[2] });
    expect(answer.worker).toMatchObject({ kind: "answers", health: { currentOperationId: "op-1" } });
    expect(idle).toEqual([expect.stringMatching(/^\/api\/v1\/operations\?.*active_only=true/)]);
  });

  it("concludes nothing while one of the workers is silent", async () => {
    const endpoints = [await worker(null, []), await serve(() => undefined)];
    expect(await askAll(endpoints)).toMatchObject({ worker: { kind: "silent" }, registry: "unreachable" });
    expect(await askAll([endpoints[0] ?? ""])).toMatchObject({ worker: { kind: "answers" } });
  });
});
