import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { isPlain } from "../../src/domain/plain-text.ts";
import { addToken } from "../../src/http/token-file.ts";
import { ROOT } from "../../src/root.ts";
import { createInsightStore } from "../../src/store/insights.ts";
import { createPool } from "../../src/store/pool.ts";
import { labelsOf } from "../../src/temporal/start-options.ts";
import { deadEnvironment } from "../support/mcp.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { rawStdio } from "../support/raw-server.ts";

/** Every class of character that hides text or steers a terminal. NUL is missing: no argument can hold it. */
const HOSTILE =
  "begins\u001B[2J\u001B]0;title\u0007\u009B2J\u202E\u2066\u{E0041}\u{E0100}\u200B\uFEFF\u00AD\u3164\u2028\rends";

/** The output may hold the letters of the hostile text, but nothing else of it. */
function expectHarmless(output: string): void {
  expect(output).toContain("begins");
  expect(isPlain(output), JSON.stringify(output)).toBe(true);
  expect(output).not.toContain("\r");
}

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "ktrdr-mcp-exits-"));
});
afterAll(async () => await rm(home, { recursive: true, force: true }));

const LAUNCHER = join(ROOT, "bin/ktrdr-mcp");
async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const bare = { PATH: process.env["PATH"] ?? "", HOME: home, LAB_DIR: join(home, "lab"), ...env };
  return await execa(LAUNCHER, args, { env: bare, extendEnv: false, reject: false, all: true, input: "" });
}

const addressOf = async (server: Server): Promise<string> => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** A server that lets nobody in, and says so in PostgreSQL's protocol. */
async function refusingPostgres(words: string): Promise<string> {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C53300\0M${words}\0\0`);
  const length = Buffer.alloc(4);
  length.writeInt32BE(fields.length + 4);
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(Buffer.concat([Buffer.from("E"), length, fields])));
  });
  return `postgresql://x:y@${await addressOf(server)}/z`;
}

/** A server that refuses every request in KTRDR's form. */
async function refusingKtrdr(words: string): Promise<string> {
  const server = createHttpServer((_request, response) => {
    response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify({ detail: words }));
  });
  return `http://${await addressOf(server)}`;
}

describe("what a command says is harmless, whatever words it repeats", () => {
  test.each([
    ["a word that is not understood", ["token", HOSTILE, "--file", "tokens.json"]],
    ["an option", [`doctor`, `--${HOSTILE}`]],
    ["a number", ["budget", HOSTILE]],
    ["a time", ["stop-research", "--all", "--timeout", HOSTILE]],
    ["a kind", ["clean-up", "--only", HOSTILE]],
    ["a file", ["import-memory", HOSTILE]],
  ] as const)("%s", async (_what, args) => {
    const { exitCode, all } = await run(args, {
      ...(await deadEnvironment()),
      DATABASE_URL: "postgresql://x@127.0.0.1:1/y",
    });
    expect(exitCode).not.toBe(0);
    expectHarmless(all);
  });

  test("that of the holder of a token", async () => {
    const file = join(home, "tokens.json");
    await addToken(file, { name: "ada", scope: "read", expires: "2099-01-01T00:00:00.000Z" });
    expectHarmless((await run(["token", "revoke", "--file", file, "--name", HOSTILE])).all);
  });

  test.each([["migrate"], ["clean-up"], ["doctor"], ["doctor", "--json"], ["pause-research"]])(
    "PostgreSQL's, of %s %s",
    async (...args) => {
      const env = { ...(await deadEnvironment()), DATABASE_URL: await refusingPostgres(HOSTILE) };
      const { exitCode, all } = await run(args, env);
      expect(exitCode).toBe(1);
      expectHarmless(all);
    },
  );

  test("KTRDR's, and a file's that is written", async () => {
    const database = await createTestDatabase();
    onTestFinished(() => database.drop());
    const pool = createPool(database.url);
    onTestFinished(() => pool.end());
    const insight = {
      category: "failure",
      body: HOSTILE,
      tags: [],
      importance: 5,
      jobIds: [],
      supersedes: [],
    } as const;
    await createInsightStore(pool).save(insight, HOSTILE);
    const env = { DATABASE_URL: database.url, KTRDR_API_URL: await refusingKtrdr(HOSTILE) };
    expectHarmless((await run(["clean-up", "--only", "checkpoints"], env)).all);
    const file = join(home, HOSTILE);
    const exported = await run(["export-memory", file], env);
    expect(exported.exitCode, exported.all).toBe(0);
    expectHarmless(exported.all);
    const written = await readFile(file, "utf8");
    expectHarmless(written);
    const lines = written.trimEnd().split("\n");
    const rows = lines.map((line) => (JSON.parse(line) as { row?: { body?: unknown } }).row);
    expect(rows).toContainEqual(expect.objectContaining({ body: HOSTILE }));
  });
});

test("what a server logs is harmless JSON that says what was said", async () => {
  const env = { ...(await deadEnvironment()), KTRDR_API_URL: await refusingKtrdr(HOSTILE), LOG_LEVEL: "trace" };
  const server = await rawStdio(env);
  const name = `${HOSTILE}${HOSTILE}`;
  const ask = async (method: string, params: unknown) =>
    await server.ask(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }), 1);
  const answers = [
    await ask("tools/call", { name: "list_indicators", arguments: {} }),
    await ask("tools/call", { name, arguments: {} }),
    await ask("prompts/get", { name, arguments: {} }),
    await ask("resources/read", { uri: name }),
    await ask("tools/call", { name: "list_models", arguments: { [name]: name } }),
    await ask("tools/call", { name: "list_models", arguments: [name] }),
    await ask(name, {}),
    await ask(name, { _meta: name }),
  ];
  await server.stop();
  const lines = server.stderr().trimEnd().split("\n");
  for (const line of lines) {
    expect(isPlain(line), JSON.stringify(line)).toBe(true);
    expect(() => JSON.parse(line) as unknown).not.toThrow();
  }
  for (const answer of answers)
    for (const text of textsIn(answer)) expect(isPlain(text), JSON.stringify(text)).toBe(true);
});

const textsIn = (value: unknown): string[] => {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.entries(value).flat().flatMap(textsIn) : [];
};

test("what operators see of a job in the Web UI is harmless, and no Markdown of others", () => {
  const request = {
    kind: "training",
    strategy: "s",
    symbol: "EURUSD",
    timeframe: "1h",
    startDate: "2020-01-01",
    endDate: "2021-01-01",
    strategySha256: "0".repeat(64),
    insisted: [{ codes: ["misspelt"], reason: `${HOSTILE} ![x](https://evil.example)` }],
  } as const;
  const input = { jobId: "j", requestHash: "h", request, client: HOSTILE, forceReason: `${HOSTILE}\n# heading\n| a |` };
  const { staticSummary, staticDetails, searchAttributes } = labelsOf(input as never);
  const client = searchAttributes.find(({ key }) => key.name === "KtrdrClient")?.value;
  for (const text of [staticSummary, staticDetails, client]) expect(isPlain(String(text))).toBe(true);
  expect(client).not.toContain("\r");
  for (const line of staticDetails.split("\n").slice(2)) expect(line).toMatch(/^\| \w+ \| `[^`|]*` \|$/);
});

describe("there is one way out for each kind of text", () => {
  const sources = globSync("{src,lab,demo}/**/*.ts", { cwd: ROOT }).map(
    (file) => [file, readFileSync(join(ROOT, file), "utf8")] as const,
  );
  const using = (pattern: RegExp) =>
    sources
      .filter(([, text]) => pattern.test(text))
      .map(([file]) => file)
      .toSorted();

  const HIDING = /\.replace(?:All)?\(\s*\/[^\n]*(?:\\p\{C|\\u20[0-2]|\\x[01]|\\u00[01])/;
  test.each([
    ["which characters are hidden", HIDING, [], String.raw`name.replaceAll(/[\p{Cc}]/gu, " ")`],
    ["the same", /\\p\{(?:Cf|Default_Ignorable)/, ["src/domain/plain-text.ts"], String.raw`/[\p{Cf}]/u`],
    [
      "stdout and stderr",
      /process\.std(?:out|err)\.write|console\./,
      // The last one writes code for the process that began it.
      ["src/bin/command.ts", "src/bin/mcp-stdio.ts", "src/temporal/worker.ts"],
      "console.log(name)",
    ],
    [
      "what is given a terminal",
      /process\.std(?:out|err)(?!\.)/,
      ["demo/bin/demo.ts", "src/bin/mcp-stdio.ts"],
      "show(process.stdout)",
    ],
    ["the log", /\bpino(?:\.destination)?\(|\bfd: [12]/, ["src/logger.ts"], "pino({})"],
    [
      "labels of a workflow",
      /\bstaticDetails: (?!APPROVAL_IS|KEEPER_IS|WARDEN_IS|WATCH_IS)/,
      ["src/temporal/start-options.ts"],
      "{ staticDetails: name }",
    ],
    ["what a workflow does", /\bsetCurrentDetails\((?!\w+Details\()/, [], "setCurrentDetails(name)"],
    ["tables in Markdown", /\|---\|/, ["src/domain/workflow-details.ts"], '"|---|"'],
  ] as const)("%s", (_what, pattern, files, offence) => {
    expect(using(pattern)).toEqual(files);
    expect(offence).toMatch(pattern);
  });
});
