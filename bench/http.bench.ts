/**
 * Measures MCP over HTTP in one run. One call of a tool stands beside the SDK's bare handler that gives the same
 * answer; both run in processes of their own, in turn. Then come many clients at once, and the server's memory after
 * many calls. SECONDS (default 10) and CLIENTS (50) set the load, CALLS (5000) the calls before memory is measured.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { addToken } from "../src/http/token-file.ts";
import { residentMb } from "./processes.ts";
import { inTurn, quantile, report, timed, withLab } from "./support.ts";

const number = (name: string, fallback: number) => Number(process.env[name] ?? fallback);
const SECONDS = number("SECONDS", 10);
const CLIENTS = number("CLIENTS", 50);
const CALLS = number("CALLS", 5_000);
const WARM_UP = 300;
const ROUNDS = 500;

interface Served {
  readonly process: ChildProcess;
  readonly url: string;
}

/** Starts a server and waits for the line that names its port. */
async function serve(script: URL, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Served> {
  const child = spawn(process.execPath, [fileURLToPath(script), ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  const port = await new Promise<string>((resolve, reject) => {
    const look = (line: string) => {
      const found = /"port":(\d+)/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    };
    for (const input of [child.stdout, child.stderr]) createInterface({ input }).on("line", look);
    child.once("exit", () => reject(new Error(`${script.href} ended`)));
  });
  return { process: child, url: `http://127.0.0.1:${port}/mcp` };
}

async function connect(url: string, token: string): Promise<Client> {
  const client = new Client(
    { name: "bench", version: "1.0.0" },
    { versionNegotiation: { mode: { pin: "2026-07-28" } } },
  );
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { authorization: `Bearer ${token}` } } }),
  );
  return client;
}

/** Calls a tool whose own work costs nothing. */
const call = (client: Client) => client.callTool({ name: "get_strategy_schema", arguments: {} });
/** Calls a tool that reads the record. */
const read = (client: Client) => client.callTool({ name: "list_models", arguments: { limit: 1 } });

async function measureOne(ours: Client, bare: Client): Promise<void> {
  const measured = { tool: () => call(ours), bare: () => call(bare), reading: () => read(ours) };
  await inTurn(WARM_UP, measured);
  const taken = await inTurn(ROUNDS, measured);
  const row = (what: string, values: readonly number[]) => ({
    what,
    "median (ms)": quantile(values, 0.5),
    "95 % (ms)": quantile(values, 0.95),
    ratio: Math.round((quantile(values, 0.5) / quantile(taken.bare, 0.5)) * 100) / 100,
  });
  await report("http-call", [
    row("bare handler of the SDK", taken.bare),
    row("get_strategy_schema (token, Host, log)", taken.tool),
    row("list_models (reads PostgreSQL)", taken.reading),
  ]);
}

async function measureMany(url: string, token: string): Promise<void> {
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => connect(url, token)));
  const taken: number[] = [];
  let errors = 0;
  const until = performance.now() + SECONDS * 1_000;
  await Promise.all(
    clients.map(async (client) => {
      while (performance.now() < until) {
        const began = performance.now();
        const fine = await read(client).then(
          ({ isError }) => isError !== true,
          () => false,
        );
        if (fine) taken.push(performance.now() - began);
        else errors += 1;
      }
    }),
  );
  await Promise.all(clients.map((client) => client.close()));
  await report("http-load", [
    {
      clients: CLIENTS,
      seconds: SECONDS,
      calls: taken.length,
      "calls a second": Math.round(taken.length / SECONDS),
      "median (ms)": quantile(taken, 0.5),
      "95 % (ms)": quantile(taken, 0.95),
      "99 % (ms)": quantile(taken, 0.99),
      errors,
    },
  ]);
}

async function measureMemory({ process: { pid }, url }: Served, token: string): Promise<void> {
  if (pid === undefined) throw new Error("the server is gone");
  const clients = await Promise.all(Array.from({ length: 10 }, () => connect(url, token)));
  const rows: { "calls until then": number; "resident (MB)": number; "calls a second": number }[] = [];
  for (let part = 0; part <= 4; part += 1) {
    const each = part === 0 ? 50 : Math.ceil(CALLS / 4 / clients.length);
    const took = await timed(() =>
      Promise.all(
        clients.map(async (client) => {
          for (let index = 0; index < each; index += 1) await read(client);
        }),
      ),
    );
    const done = (rows.at(-1)?.["calls until then"] ?? 0) + each * clients.length;
    rows.push({
      "calls until then": done,
      "resident (MB)": await residentMb(pid),
      "calls a second": Math.round((each * clients.length * 1_000) / took),
    });
  }
  await Promise.all(clients.map((client) => client.close()));
  await report("http-memory", rows);
}

await withLab({}, async ({ lab }) => {
  const folder = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-bench-http-"));
  const tokensFile = path.join(folder, "tokens.json");
  const token = await addToken(tokensFile, { name: "bench", scope: "operate", expires: "2099-01-01T00:00:00.000Z" });
  const env = { ...process.env, ...lab.env, MCP_TOKENS_FILE: tokensFile, LOG_LEVEL: "info" };
  const ours = await serve(new URL("../src/bin/mcp.ts", import.meta.url), ["--http", "--port", "0"], env);
  const client = await connect(ours.url, token);
  const bare = await serve(new URL("bare-http.ts", import.meta.url), [JSON.stringify(await call(client))], env);
  try {
    const other = await connect(bare.url, token);
    await measureOne(client, other);
    await other.close();
    await measureMany(ours.url, token);
    await measureMemory(ours, token);
    await client.close();
  } finally {
    for (const served of [ours, bare]) served.process.kill("SIGTERM");
    await rm(folder, { recursive: true, force: true });
  }
});
