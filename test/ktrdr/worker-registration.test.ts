import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startSandbox } from "../../sandbox/launch.ts";
import { createKtrdr } from "../../src/ktrdr/ktrdr.ts";
import { until } from "../../lab/until.ts";

test("a worker that is asked all the time is back in the registry after a restart of KTRDR's API", async () => {
  const stateDir = await mkdtemp(join(tmpdir(), "ktrdr-mcp-registration-"));
  onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
  const sandbox = await startSandbox({ stateDir, trainingWorkers: 1, backtestWorkers: 0, timeScale: 0.02 });
  onTestFinished(() => sandbox.stop());
  const ktrdr = createKtrdr({ baseUrl: sandbox.url, requestTimeoutMs: 60_000 });
  const [worker] = await ktrdr.workers.list();
  if (worker === undefined) throw new Error("no worker");
  await sandbox.api.restart();
  expect(await ktrdr.workers.list()).toEqual([]);
  // The worker is asked every 20 ms. One that nobody asks for 30 s (scaled: 0.6 s) registers again.
  const listed = async () => {
    expect(await ktrdr.workers.at(worker.endpointUrl).health()).toEqual({ busy: false, currentOperationId: null });
    return (await ktrdr.workers.list()).length === 1;
  };
  await until(listed, { what: "the worker's registration", timeoutMs: 120_000, everyMs: 20 });
});
