import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { ROOT } from "../../src/root.ts";
import { writeLabFile } from "../../src/running-lab/lab-file.ts";
import { startOf } from "../../src/machine/process-identity.ts";
import { createTestDatabase } from "../support/postgres.ts";

const LAUNCHER = join(ROOT, "bin/ktrdr-mcp");
const NAMES = /^commands="([^"]+)"/m;
const commands = readFileSync(LAUNCHER, "utf8").match(NAMES)?.[1]?.split(" ") ?? [];

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "ktrdr-mcp-commands-"));
});
afterAll(async () => await rm(home, { recursive: true, force: true }));

/** An environment without this machine's own settings. Its lab folder holds no lab. */
const bare = (more: Readonly<Record<string, string>> = {}) => ({
  PATH: process.env["PATH"] ?? "",
  HOME: home,
  LAB_DIR: join(home, "lab"),
  ...more,
});
const run = async (args: readonly string[], env = bare()) =>
  await execa(LAUNCHER, args, { env, extendEnv: false, reject: false, input: "" });

describe.each(commands)("%s", (command) => {
  test("--help says how it is typed and starts nothing", async () => {
    const { exitCode, stdout, stderr } = await run([command, "--anything", "--help"]);
    expect(stdout).toMatch(new RegExp(`^Usage: ktrdr-mcp ${command}\\b`));
    expect(stdout).toContain("docs/configuration.md");
    expect([exitCode, stderr]).toEqual([0, ""]);
  });

  test("an option that does not exist is refused with the usage, and starts nothing", async () => {
    const { exitCode, stdout, stderr } = await run([command, "--no-such-option"]);
    expect(stderr).toContain(`Usage: ktrdr-mcp ${command}`);
    expect([exitCode, stdout]).toEqual([2, ""]);
  });
});

test("README's table of commands says what --help says, in its order and words", async () => {
  const { stdout } = await run(["--help"]);
  const offered = Array.from(stdout.matchAll(/^ {2}([\w-]+) {2,}(.+)$/gm), ([, name, does]) => ({ name, does }));
  expect(offered.map(({ name }) => name)).toEqual(commands);
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const row = /^\| `bin\/ktrdr-mcp ([\w-]+)` \| (.+?) \|/gm;
  expect(Array.from(readme.matchAll(row), ([, name, does]) => ({ name, does }))).toEqual(offered);
});

test("what needs the database finds that of the lab on this machine", async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const dir = await mkdtemp(join(tmpdir(), "ktrdr-mcp-commands-lab-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const me = { pid: process.pid, started: (await startOf(process.pid)) ?? "" };
  const addresses = { ktrdr: "", temporal: "", database: database.url };
  await writeLabFile(dir, { ...me, addresses, env: { DATABASE_URL: database.url } });
  const beside = bare({ LAB_DIR: dir });
  for (const args of [["migrate"], ["budget"], ["clean-up"], ["pause-research"], ["resume-research"]]) {
    expect(await run(args, beside), args.join(" ")).toMatchObject({ exitCode: 0 });
  }
});

/** Takes connections and never answers. */
async function startSilent() {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    server.emit("asked");
    onTestFinished(() => void socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { asked: once(server, "asked"), port: (server.address() as AddressInfo).port };
}

describe("told to end while a part does not answer, it ends with 0", () => {
  const silentEnvironment = (port: number) =>
    bare({
      TEMPORAL_ADDRESS: `127.0.0.1:${port}`,
      DATABASE_URL: `postgresql://x:y@127.0.0.1:${port}/z`,
      KTRDR_API_URL: `http://127.0.0.1:${port}`,
      KTRDR_STRATEGIES_DIR: home,
    });

  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("worker, %s", async (signal) => {
    const silent = await startSilent();
    const child = spawn(LAUNCHER, ["worker"], { env: silentEnvironment(silent.port), stdio: "ignore" });
    const ended = once(child, "exit");
    await silent.asked;
    child.kill(signal);
    expect(await ended).toEqual([0, null]);
  });

  test.each([["mcp"], ["mcp", "--http", "--port", "0"]])("%s %s", async (...args) => {
    const silent = await startSilent();
    const child = spawn(LAUNCHER, args, { env: silentEnvironment(silent.port), stdio: ["pipe", "pipe", "pipe"] });
    const ended = once(child, "exit");
    child.stdout.resume();
    await once(child.stderr, "data");
    child.stderr.resume();
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  });

  test("mcp, when its client closes stdin before anything else", async () => {
    const silent = await startSilent();
    const child = spawn(LAUNCHER, ["mcp"], {
      env: silentEnvironment(silent.port),
      stdio: ["pipe", "ignore", "ignore"],
    });
    child.stdin.end();
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});
