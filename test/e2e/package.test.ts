/** The npm package as a stranger has it: installed by npm into an empty folder, and started with the Node at hand. */
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { ROOT } from "../../src/root.ts";
import { TOOLS } from "../../src/mcp/tools/index.ts";
import { deadEnvironment } from "../support/mcp.ts";

const Packed = z.tuple([z.looseObject({ filename: z.string(), files: z.array(z.looseObject({ path: z.string() })) })]);
const INSTALL = ["install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
/** Packages come from a registry, and the machine may be busy. */
const INSTALLING_MS = 600_000;

let folder: string;
let files: readonly string[];
/** The command that npm links to. */
let command: string;
let env: Record<string, string>;
/** npm's code when the registry cannot be reached. */
let offline: string | undefined;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-package-"));
  env = await deadEnvironment();
  const packed = await execa("npm", ["pack", "--json", "--pack-destination", folder], { cwd: ROOT });
  const [{ filename, ...what }] = Packed.parse(JSON.parse(packed.stdout.slice(packed.stdout.indexOf("["))));
  files = what.files.map((file) => file.path);
  const stranger = path.join(folder, "stranger");
  await mkdir(stranger);
  await writeFile(path.join(stranger, "package.json"), `{ "private": true }`);
  const installed = await execa("npm", [...INSTALL, path.join(folder, filename)], { cwd: stranger, reject: false });
  offline = /E(NOTFOUND|AI_AGAIN|CONNREFUSED|NETUNREACH|HOSTUNREACH|TIMEDOUT)/.exec(installed.stderr)?.[0];
  expect(offline === undefined ? installed.exitCode : 0, installed.stderr).toBe(0);
  command = path.join(stranger, "node_modules/.bin/ktrdr-mcp");
}, INSTALLING_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach((context) => {
  if (offline !== undefined) context.skip(`npm's registry cannot be reached (${offline})`);
});

/** A folder for PATH with a `node` that claims a version and cannot run the sources. */
async function oldNode(version: string): Promise<string> {
  const bin = path.join(folder, version);
  await mkdir(bin, { recursive: true });
  const script = `#!/bin/sh\n[ "$1" = --version ] && echo ${version} && exit\nexit 1\n`;
  await writeFile(path.join(bin, "node"), script, { mode: 0o755 });
  return `${bin}:/usr/bin:/bin`;
}

const run = async (args: readonly string[], PATH: string) =>
  await execa(command, args, { env: { ...env, PATH }, extendEnv: false, reject: false, cwd: tmpdir() });

/** Puts a suitable Node beside the package, where `npm install node@24` puts it. */
async function nodeBeside(): Promise<void> {
  const node = path.join(path.dirname(command), "node");
  await symlink(process.execPath, node).catch(() => undefined);
}

it("holds what it needs at run time, and its documentation", () => {
  expect(new Set(files.map((file) => file.split("/")[0]))).toEqual(
    new Set(["LICENSE", "README.md", "bin", "dist", "docs", "migrations", "node_modules", "package.json"]),
  );
});

it.each(["v20.20.2", "v22.23.3"])(
  "with %s on PATH says in words what it needs, and nothing of a checkout",
  async (version) => {
    await rm(path.join(path.dirname(command), "node"), { force: true });
    for (const args of [["mcp"], ["worker"], ["doctor"]]) {
      const { exitCode, stdout, stderr } = await run(args, await oldNode(version));
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
      expect(stderr).toContain(`24.12 or newer is needed, and this one is ${version}.`);
      expect(stderr).toContain("`npm install node@24`");
      expect(stderr).not.toMatch(/\bmake\b|Makefile/);
    }
  },
);

it("brings every Temporal package once, in the versions that are tested", async () => {
  const installed = path.resolve(path.dirname(command), "..");
  const { stdout } = await execa("npm", ["ls", "--all", "--parseable", "--long"], {
    cwd: path.dirname(installed),
    reject: false,
  });
  const versions = [...stdout.matchAll(/[:/](@temporalio\/[\w-]+|protobufjs)@([\w.-]+)/g)];
  const named = Map.groupBy(versions, ([, name]) => name ?? "");
  expect(named.size).toBeGreaterThan(8);
  const { packages } = JSON.parse(await readFile(path.join(ROOT, "package-lock.json"), "utf8")) as {
    packages: Record<string, { version: string }>;
  };
  for (const [name, found] of named) {
    const tested = packages[`node_modules/${name}`]?.version;
    const there = new Set(found.map(([, , version]) => version));
    // gRPC's own reader of .proto files may bring another version of protobufjs.
    if (name === "protobufjs") expect(there).toContain(tested);
    else expect({ name, there: [...there] }).toEqual({ name, there: [tested] });
  }
  expect(await readdir(path.join(installed, "@temporalio"))).toContain("common");
});

describe("with a suitable Node beside it", () => {
  beforeAll(nodeBeside);

  it("starts, and has every tool", async () => {
    const PATH = await oldNode("v20.20.2");
    const help = await run(["--help"], PATH);
    expect(help.stdout).toContain("worker");
    expect(help.stdout).not.toContain("lab ");
    const client = new Client({ name: "stranger", version: "1" });
    const server = { command, args: ["mcp"], env: { ...env, PATH }, cwd: tmpdir(), stderr: "ignore" as const };
    await client.connect(new StdioClientTransport(server));
    try {
      expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(TOOLS.map(({ name }) => name));
    } finally {
      await client.close();
    }
  });

  it("bundles its workflows, with and without tracing", async () => {
    const dist = path.join(path.dirname(command), "../ktrdr-mcp/dist");
    const script = `
      const { bundleWorkflows } = await import(${JSON.stringify(path.join(dist, "temporal/worker.js"))});
      const { startTracing } = await import(${JSON.stringify(path.join(dist, "tracing.js"))});
      const tracing = startTracing("http://127.0.0.1:1", "stranger");
      for (const plugins of [[], [tracing.plugin]]) console.log((await bundleWorkflows(plugins)).code.length);
      process.exit(0);`;
    const { stdout } = await execa(process.execPath, ["--input-type=module", "-e", script], { cwd: folder });
    expect(
      stdout
        .split("\n")
        .map(Number)
        .every((length) => length > 100_000),
    ).toBe(true);
  });

  it("doctor tells what can be typed there", async () => {
    const { stdout, exitCode } = await run(["doctor", "--json"], await oldNode("v20.20.2"));
    expect(exitCode).toBe(1);
    const { findings } = JSON.parse(stdout) as {
      findings: { code: string | null; fix: string; note: string | null }[];
    };
    const sick = findings.filter(({ code }) => code !== null);
    expect(sick.length).toBeGreaterThan(3);
    for (const { fix, note } of sick) {
      expect(fix).toMatch(/^(npx ktrdr-mcp|npm|temporal|timedatectl) /);
      expect(`${fix} ${note}`).not.toMatch(/\bmake |docker|bin\/ktrdr-mcp|^Or /);
    }
  });
});
