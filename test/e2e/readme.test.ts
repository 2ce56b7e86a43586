/** The README as a new user types it: every command is run. Where that would run this very test, its target exists. */
import { access, chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa, type Options } from "execa";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConfigSchema } from "../../src/config.ts";
import { ROOT } from "../../src/root.ts";

const readme = await readFile(path.join(ROOT, "README.md"), "utf8");
const blocks = (language: string) =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map((match) => match[1] ?? "");
const commands = blocks("sh").flatMap((block) => block.trim().split("\n"));

let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-readme-"));
  // This script stands for Claude Code. It starts the server that it is told to add.
  const claude = path.join(folder, "claude");
  await writeFile(claude, '#!/bin/sh\nwhile [ "$1" != "--" ]; do shift; done\nshift\nexec "$@"\n');
  await chmod(claude, 0o755);
  const foreign = [
    ...Object.keys(ConfigSchema.shape).filter((name) => name !== "TEMPORAL_CLI_PATH"),
    "CHAOS",
    "NODE_OPTIONS",
  ];
  const inherited = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined || foreign.includes(name) ? [] : [[name, value] as const],
  );
  env = {
    ...Object.fromEntries(inherited),
    PATH: `${folder}:${process.env["PATH"] ?? ""}`,
    LAB_DIR: path.join(folder, "lab"),
    TMPDIR: folder,
  };
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** make must not install anew under a running test: the tests are of what is installed. */
const inShell = (command: string) => command.replace(/^make /, "make -o node_modules/.installed ");

async function sh(command: string, options: Options = {}): Promise<string> {
  const ended = await execa("sh", ["-c", command], {
    cwd: ROOT,
    env,
    extendEnv: false,
    all: true,
    ...options,
    reject: false,
  });
  const output = String(ended.all);
  expect(ended.exitCode, output).toBe(0);
  return output;
}

/** Starts an MCP server by a shell command, asks what tools it has, and ends it. */
async function toolsOf(command: string): Promise<string[]> {
  const transport = new StdioClientTransport({
    command: "sh",
    args: ["-c", command],
    env,
    cwd: ROOT,
    stderr: "ignore",
  });
  const client = new Client({ name: "readme", version: "1" });
  await client.connect(transport);
  try {
    return (await client.listTools()).tools.map(({ name }) => name);
  } finally {
    await client.close();
  }
}

async function demo(command: string): Promise<void> {
  const output = await sh(inShell(command));
  expect(output).toContain("the training was computed exactly once");
  expect(output).toContain("the backtest was computed exactly once");
  expect(output).toContain("nothing is left running");
  expect(output.match(/⚡ kill -9/g)?.length ?? 0).toBe(command.includes("CHAOS=1") ? 3 : 0);
}

/** The lab comes up, works as the README says, and is gone after Ctrl-C. */
async function lab(command: string): Promise<void> {
  const running = execa("sh", ["-c", `exec ${inShell(command)}`], {
    cwd: ROOT,
    env,
    extendEnv: false,
    all: true,
    reject: false,
    detached: true,
  });
  try {
    await new Promise<void>((resolve, reject) => {
      let output = "";
      running.all.on("data", (chunk: unknown) => {
        output += String(chunk);
        if (output.includes("Ctrl-C stops everything")) resolve();
      });
      running.all.once("end", () => reject(new Error(`The lab ended:\n${output}`)));
    });
    expect(await sh(`bin/ktrdr-mcp doctor`)).not.toContain("✘");
  } finally {
    // Ctrl-C in a terminal signals the whole process group.
    if (running.pid !== undefined) process.kill(-running.pid, "SIGINT");
    await running;
  }
  await expect(access(path.join(env["LAB_DIR"] ?? "", "lab.json"))).rejects.toThrow("ENOENT");
}

const dryRun = async (command: string) => {
  const recipe = await sh(`${inShell(command)} --dry-run`);
  expect(recipe).not.toContain("Nothing to be done");
};

/** How each command of the README is proved. */
const PROOFS: readonly (readonly [RegExp, (command: string) => Promise<void>])[] = [
  [/^make demo( CHAOS=1)?$/, demo],
  [/^make lab$/, lab],
  [/^make help$/, async (command) => expect(await sh(command)).toContain("make demo")],
  // This test is a part of these. The last one takes minutes, and its parts are tested in test/production.
  [/^make (check|test|test-fast|bench|verify-production)$/, dryRun],
  [/^claude mcp add /, async (command) => expect(await toolsOf(command)).toContain("train_model")],
  // It is run in `lab`, while the lab is up.
  [/^bin\/ktrdr-mcp doctor$/, async () => expect(commands).toContain("make lab")],
];

describe("commands", () => {
  test.each(commands)("%s", async (command) => {
    const proof = PROOFS.find(([pattern]) => pattern.test(command));
    if (proof === undefined) throw new Error("The README has a command that this test does not know how to run.");
    await proof[1](command);
  });

  test("Claude Desktop's configuration starts the server", async () => {
    const [text = ""] = blocks("json");
    const { mcpServers } = JSON.parse(text) as { mcpServers: Record<string, { command: string; args: string[] }> };
    const server = mcpServers["ktrdr"]!;
    const command = server.command.replace("/path/to/ktrdr-mcp/", ROOT);
    expect(await toolsOf([command, ...server.args].map((word) => `'${word}'`).join(" "))).toContain("get_results");
  });
});

describe("what it names exists", () => {
  test("files", async () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => match[1]!);
    expect(links).toContain("docs/tools.md");
    await Promise.all(links.map((link) => access(path.join(ROOT, link))));
  });

  test("settings", () => {
    const named = [...readme.matchAll(/`([A-Z][A-Z]+_[A-Z_]+)`/g)].map((match) => match[1]!);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !(name in ConfigSchema.shape))).toEqual([]);
  });

  test("nothing of the demo is left behind", async () => {
    const left = (await readdir(folder)).filter((name) => name !== "claude" && name !== "lab");
    expect(left).toEqual([]);
  });
});
