import type { ConnectionOptions } from "@temporalio/client";
import { INTERCEPTORS } from "../../src/temporal/open-connection.ts";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { TestWorkflowEnvironment } from "@temporalio/testing";
import { dynamicConfigArguments } from "../../lab/dynamic-config.ts";
import { createRunFolder } from "../../lab/run-folder.ts";
import { Supervisor } from "../../lab/supervisor.ts";
import { ROOT } from "../../src/root.ts";
import { findDevServer, findTestServer } from "../../lab/temporal-binary.ts";
import { temporalServer } from "../../lab/temporal-server.ts";
import { until } from "../../lab/until.ts";
import { freePort } from "./ports.ts";

export interface TestTemporal {
  readonly address: string;
  readonly namespace: string;
  /** Folder of the `temporal` program. */
  readonly programs: string;
  /** Undefined while the server is down. */
  pid(): number | undefined;
  /** SIGKILLs the server, which is started again on the same data. Resolves when it serves again. */
  killAndWait(): Promise<void>;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

const SEARCH = { env: process.env, cacheDir: path.join(ROOT, ".cache") };

/** A Temporal server that skips time, for workflows that wait for hours. It knows no lists, counts or schedules. */
export async function startTimeSkipping(): Promise<TestWorkflowEnvironment> {
  const { path: executable } = await findTestServer(SEARCH);
  return TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: "existing-path", path: executable } },
    plugins: [OPENS_AS_WE_DO],
  });
}

/** Test environments open their connection themselves. This gives it the interceptors of our connections. */
export const OPENS_AS_WE_DO = {
  name: "open-connection",
  configureConnection: (options: ConnectionOptions) => ({ ...options, interceptors: INTERCEPTORS }),
};

/** A Temporal dev server of this test's own, with our search attributes and a database file, without a UI. */
export async function startTestTemporal(namespace = "default"): Promise<TestTemporal> {
  const { path: binary } = await findDevServer({ ...SEARCH, configuredPath: process.env["TEMPORAL_CLI_PATH"] });
  const dir = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-temporal-"));
  const port = await freePort();
  const supervisor = new Supervisor({ logDir: dir, run: await createRunFolder(path.join(dir, "run")) });
  const dynamicConfig = await dynamicConfigArguments(ROOT);
  await supervisor.start(
    temporalServer({ binary, dir, port, namespace, dynamicConfig, env: process.env, fsync: false }),
  );
  const state = () => supervisor.parts()[0];
  return {
    address: `127.0.0.1:${port}`,
    namespace,
    programs: path.dirname(binary),
    pid: () => state()?.pid,
    async killAndWait() {
      const before = state()?.pid;
      if (before !== undefined) process.kill(before, "SIGKILL");
      const back = async () => state()?.pid !== undefined && state()?.pid !== before;
      await until(back, { what: "Temporal being back", timeoutMs: 120_000, everyMs: 20 });
    },
    async stop() {
      await supervisor.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
