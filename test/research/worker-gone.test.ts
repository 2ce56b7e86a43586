/** The judgement of a job and `stop-research` must agree on whether a worker is gone. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { askWorker, locate, registered } from "../../src/activities/evidence.ts";
import { diagnose } from "../../src/domain/diagnosis.ts";
import { createKtrdr, type Ktrdr } from "../../src/ktrdr/ktrdr.ts";
import { askWorkers } from "../../src/research/stopping/idle-proof.ts";
import type { ResearchParts } from "../../src/research/stopping/parts.ts";
import { freePort } from "../support/ports.ts";

type Line = { readonly status: string } | null;

/** A KTRDR without operations, with one worker or none in its registry. */
async function ktrdrWith(line: Line, endpoint: string): Promise<Ktrdr> {
  const server = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    const workers = line === null ? [] : [{ worker_id: "w", worker_type: "training", endpoint_url: endpoint, ...line }];
    const body = request.url?.startsWith("/api/v1/workers") === true ? workers : { success: true, data: [] };
    response.end(JSON.stringify(body));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return createKtrdr({ baseUrl: `http://127.0.0.1:${port}`, requestTimeoutMs: 2_000 });
}

const NOW = 1_000_000;
const clock = { nowMs: NOW, stillSinceMs: NOW - 60_000, notFoundSinceMs: null, deadSinceMs: NOW - 60_000 };
const patience = {
  pollIntervalMs: 1_000,
  stallAfterMs: 300_000,
  stallFailAfterMs: 3_600_000,
  notFoundGraceMs: 20_000,
  deadGraceMs: 20_000,
};

async function byJob(ktrdr: Ktrdr, endpoint: string, reached: string | null): Promise<boolean> {
  const { registry } = locate(await registered(ktrdr, "training"), { workerId: "w", endpoint });
  const worker = await askWorker(ktrdr, { endpoint, reached }, "op-1");
  const operation = { operationId: "op-1", status: "running", errorMessage: null, result: null, percent: 40 };
  const api = { kind: "operation", operation: operation as never } as const;
  return diagnose({ kind: "training", api, worker, registry, clock, patience }).kind === "lost";
}

async function byStopResearch(ktrdr: Ktrdr, endpoint: string, reached: string | null): Promise<boolean | undefined> {
  // The record names only workers that have answered.
  const work = { endpointsOf: async () => await Promise.resolve(reached === null ? [] : [reached]) };
  const { workers } = await askWorkers({ ktrdr, work } as unknown as ResearchParts, ["job"]);
  return workers.find(({ worker }) => worker.includes(endpoint))?.state === "gone";
}

const closedPort = async () => `http://127.0.0.1:${await freePort()}`;
const removedContainer = async () => await Promise.resolve("http://no-such-host.invalid:5004");

test.each<[string, () => Promise<string>, Line, boolean, boolean]>([
  ["a closed port that the registry has forgotten", closedPort, null, true, true],
  ["a closed port that the registry gave up", closedPort, { status: "temporarily_unavailable" }, true, true],
  ["a closed port that the registry still names", closedPort, { status: "available" }, true, false],
  ["a removed container that the registry has forgotten", removedContainer, null, true, true],
  ["one that the registry gave up", removedContainer, { status: "temporarily_unavailable" }, true, true],
  ["one that the registry still names", removedContainer, { status: "busy" }, true, false],
  ["a name that only KTRDR's network knows", removedContainer, { status: "temporarily_unavailable" }, false, false],
])("%s", async (_name, address, line, hasAnswered, gone) => {
  const endpoint = await address();
  const ktrdr = await ktrdrWith(line, endpoint);
  const reached = hasAnswered ? endpoint : null;
  expect(await byJob(ktrdr, endpoint, reached), "the job's verdict").toBe(gone);
  expect(await byStopResearch(ktrdr, endpoint, reached), "stop-research").toBe(gone);
});
