/** docker-compose.yml, the Dockerfile and the code say the same; and the checks that say so notice when they do not. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { findings } from "../../scripts/production/checks.ts";
import { readProductionFiles, type ProductionFiles } from "../../scripts/production/files.ts";
import { goPrograms } from "../../scripts/production/go-programs.ts";
import { ROOT } from "../../src/root.ts";

const files = await readProductionFiles(ROOT);

test("everything they name is what the code has", async () => {
  expect(await findings(files)).toEqual([]);
});

type Change = readonly [file: "compose" | "dockerfile", from: string, to: string, found: string];

const CHANGES: readonly Change[] = [
  ["compose", "restart: on-failure:5", "restarts: on-failure:5", "must NOT have unevaluated properties"],
  ["compose", "KTRDR_STRATEGIES_DIR: /ktrdr", "KTRDR_STRATEGY_DIR: /ktrdr", "worker: nobody reads KTRDR_STRATEGY_DIR"],
  ["compose", "SQL_PASSWORD_FILE:", "SQL_PASS_FILE:", "temporal-schema: nobody reads SQL_PASS_FILE"],
  ["compose", "TEMPORAL_RETENTION:", "RETENTION:", "temporal-namespace: nobody reads RETENTION"],
  ["compose", "SANDBOX_STATE_DIR:", "SANDBOX_STATE:", "ktrdr-api: nobody reads SANDBOX_STATE"],
  ["compose", "command: [migrate]", "command: [migrations]", "migrate: the image has no command migrations"],
  ["compose", "command: [worker]", "command: [lab]", "worker: the image has no command lab"],
  ["compose", "health, worker]", "health, workers]", "worker: health does not know workers"],
  ["compose", "127.0.0.1:7233:7233", "127.0.0.1:7233:7234", "the port of Temporal that is published is 7234"],
  ["compose", "127.0.0.1:7233:7233", "7233:7233", "temporal: port 7233:7233 can be reached from elsewhere"],
  ["compose", "SQL_HOST: postgres", "SQL_HOST: database", "temporal-schema: database is no service"],
  [
    "compose",
    "TEMPORAL_ADDRESS: temporal:7233",
    "TEMPORAL_ADDRESS: ktrdr-api:7233",
    "ktrdr-api is on none of its networks",
  ],
  ["compose", "temporalio/server:1.31.2", "temporalio/server:1.30.1", "proves Temporal 1.31.2"],
  ["compose", "postgres:18.4", "postgres:latest", "postgres: the image postgres:latest is not pinned"],
  ["compose", "read_only: true", "read_only: false", "worker: its root file system can be written"],
  ["compose", "cap_drop: [ALL]", "cap_drop: [NET_RAW]", "worker: it keeps capabilities of root"],
  ["compose", "RUN_AS_UID:-1000", "RUN_AS_UID:-0", "worker: its user is no number above 0"],
  [
    "compose",
    "./temporal-config:",
    "./temporal-configuration:",
    "./temporal-configuration is mounted, and nobody makes it",
  ],
  ["compose", "./secrets/database_url", "./secrets/database", "./secrets/database is mounted, and nobody makes it"],
  ["compose", 'LIMIT_MEMORY_MB: "600"', 'LIMIT_MEMORY_MB: "1024"', "mcp: LIMIT_MEMORY_MB is not below its 768 MB"],
  ["compose", "required: false", "required: true", "worker: it does not start without settings.env"],
  ["compose", "secrets: [database_url]", "secrets: []", "DATABASE_URL_FILE names a secret it is not given"],
  ["compose", "POSTGRES_PASSWORD_FILE: /run", "POSTGRES_PASSWORD: /run", "POSTGRES_PASSWORD carries a secret"],
  [
    "compose",
    "temporal-schema: { condition",
    "temporal-tables: { condition",
    "waits for temporal-tables, which is no service",
  ],
  ["compose", "ktrdr-api: { condition: service_healthy", "token: { condition: service_healthy", "which has no check"],
  ["compose", "temporal: { condition: service_healthy", "temporal: { condition: service_started", "not for its work"],
  [
    "compose",
    "postgres: { condition: service_healthy",
    "worker: { condition: service_healthy",
    "migrate waits for itself",
  ],
  ["compose", "networks: [backend, ktrdr]", "networks: [backend, ktrdr, front]", "worker: no network front"],
  ["compose", 'volumes: ["postgres:/', 'volumes: ["pg:/', "postgres: no volume pg"],
  ["dockerfile", "COPY --from=build /app/migrations migrations\n", "", "migrations is laid out and not copied"],
  ["dockerfile", "/app/bin bin", "/app/binaries bin", "binaries is copied and not laid out"],
  ["dockerfile", "node:24.21.0-slim", "node:24.1.0-slim", "its Node is not the pinned"],
  ["dockerfile", "USER 1000:1000", "USER node", "its user is no number above 0"],
  ["dockerfile", "EXPOSE 3100", "EXPOSE 3000", "it exposes another port than is published"],
  ["dockerfile", "FROM base AS sandbox", "FROM base AS toy", "builds the stage sandbox, which is not there"],
  ["dockerfile", 'image.version="0.1.0"', 'image.version="0.2.0"', "it is labelled 0.2.0"],
];

describe("a slip is found", () => {
  test.each(CHANGES)("%s: %s → %s", async (file, from, to, found) => {
    expect(files[file]).toContain(from);
    const changed: ProductionFiles = { ...files, [file]: files[file].replaceAll(from, to) };
    const all = await findings(changed);
    expect(all.join("\n")).toContain(found);
  });
});

test("without Go, make verify-production says so", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-no-go-"));
  try {
    await expect(goPrograms(folder, { PATH: folder }, () => undefined)).rejects.toMatchObject({
      what: expect.stringContaining("There is no Go on this machine") as string,
      next: expect.stringContaining("Install Go") as string,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
