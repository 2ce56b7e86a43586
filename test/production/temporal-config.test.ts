/** temporal-config/ at work on a dev server; the server of production gets it in `make verify-production`. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { Client, type Connection } from "@temporalio/client";
import { openLazily } from "../../src/temporal/open-connection.ts";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dynamicConfigArguments } from "../../lab/dynamic-config.ts";
import { ROOT } from "../../src/root.ts";
import { temporalSettings } from "../../src/temporal/settings.ts";
import { searchAttributesThere, SEARCH_ATTRIBUTES } from "../../src/temporal/search-attributes.ts";
import { startTestTemporal, type TestTemporal } from "../support/temporal.ts";

const CONFIG = path.join(ROOT, "temporal-config");
const THIRTY_DAYS = 30 * 24 * 3_600;

let temporal: TestTemporal;
let connection: Connection;

beforeAll(async () => {
  temporal = await startTestTemporal();
  connection = openLazily({ address: temporal.address });
});

afterAll(async () => {
  await connection?.close();
  await temporal?.stop();
});

const setUp = (environment: Record<string, string>) =>
  execa(path.join(CONFIG, "setup-namespace.sh"), {
    env: { PATH: `${temporal.programs}:/usr/bin:/bin`, HOME: "/nonexistent", ...environment },
    extendEnv: false,
    all: true,
    reject: false,
  });

const retentionOf = async (namespace: string) => {
  const { config } = await connection.workflowService.describeNamespace({ namespace });
  return Number(config?.workflowExecutionRetentionTtl?.seconds);
};

describe("setup-namespace.sh", () => {
  test("makes a namespace with everything that the worker needs, and mends it when run again", async () => {
    const where = { TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: "production" };
    const first = await setUp(where);
    expect(first.exitCode, first.all).toBe(0);
    expect(await searchAttributesThere(connection, "production")).toMatchObject({ missing: [], otherType: [] });
    expect(await retentionOf("production")).toBe(THIRTY_DAYS);

    const shortened = await setUp({ ...where, TEMPORAL_RETENTION: "3d" });
    expect(shortened.exitCode, shortened.all).toBe(0);
    expect(await retentionOf("production")).toBe(3 * 24 * 3_600);
    const again = await setUp(where);
    expect(again.exitCode, again.all).toBe(0);
    expect(await retentionOf("production")).toBe(THIRTY_DAYS);
  });

  test("two at once get on with each other", async () => {
    const where = { TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: "crowded" };
    const both = await Promise.all([setUp(where), setUp(where)]);
    expect(both.map(({ exitCode, all }) => [exitCode, exitCode === 0 ? "" : all])).toEqual([
      [0, ""],
      [0, ""],
    ]);
    expect(await searchAttributesThere(connection, "crowded")).toMatchObject({ missing: [], otherType: [] });
  });

  test("gives up on a server that is not there, with its words", async () => {
    const gone = { TEMPORAL_ADDRESS: "127.0.0.1:1", TEMPORAL_NAMESPACE: "x", TEMPORAL_PATIENCE: "0" };
    const { exitCode, all } = await setUp(gone);
    expect(exitCode).toBe(1);
    expect(all).toContain("Temporal at 127.0.0.1:1 does not answer");
  });

  test("names every search attribute of the code", async () => {
    const script = await readFile(path.join(CONFIG, "setup-namespace.sh"), "utf8");
    const names = /^for name in (.*); do$/m.exec(script)?.[1]?.split(" ") ?? [];
    expect(names.toSorted()).toEqual(SEARCH_ATTRIBUTES.toSorted());
  });
});

describe("dynamic-config.yaml", () => {
  test("reaches the lab's server: an id that PostgreSQL could not keep is refused", async () => {
    const client = new Client({ connection });
    const start = (workflowId: string) => client.workflow.start("anything", { workflowId, taskQueue: "nobody" });
    await expect(start("x".repeat(256))).rejects.toMatchObject({ cause: { code: 3 } });
    await start("x".repeat(255));
  });

  test("gives a reason for every key", async () => {
    const text = await readFile(path.join(CONFIG, "dynamic-config.yaml"), "utf8");
    const keys = (await dynamicConfigArguments(ROOT)).filter((word) => !word.startsWith("--"));
    expect(keys.length).toBeGreaterThan(4);
    const paragraphs = text.split("\n\n").slice(1);
    for (const paragraph of paragraphs) expect(paragraph).toMatch(/^# /);
  });
});

test.each([
  ["production", { address: "127.0.0.1:7233", namespace: "ktrdr" }],
  ["local", { address: "127.0.0.1:7233", namespace: "default" }],
])("temporal.toml: the profile %s is understood by our processes", (profile, expected) => {
  const { connection: to, namespace } = temporalSettings(
    { TEMPORAL_CONFIG_FILE: path.join(CONFIG, "temporal.toml"), TEMPORAL_PROFILE: profile },
    { address: "wrong:1", namespace: "wrong" },
  );
  expect({ address: to.address, namespace }).toEqual(expected);
});
