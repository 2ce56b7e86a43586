/** `bin/ktrdr-mcp doctor` against a whole lab, with one thing broken at a time. Its advice is followed, and helps. */
import { createServer } from "node:http";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { skewOf } from "../../src/domain/clock-skew.ts";
import { checkNode } from "../../src/doctor/check-node.ts";
import { AILMENTS, ReportSchema, type Ailment, type Finding } from "../../src/doctor/finding.ts";
import { patienceAfter } from "../../src/doctor/patience.ts";
import { ROOT } from "../../src/root.ts";
import { findDevServer } from "../../lab/temporal-binary.ts";
import { until } from "../../lab/until.ts";
import { createPool, run } from "../../src/store/pool.ts";
import { startTestLab, type TestLab } from "../support/lab.ts";
import { freePort } from "../support/ports.ts";

const DOCTOR = path.join(ROOT, "bin/ktrdr-mcp");

let lab: TestLab;
let folder: string;
/** PATH with the lab's `temporal` in front. */
let searched: string;
const seen = new Map<Ailment, string>();

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-doctor-"));
  const cli = await findDevServer({
    env: process.env,
    cacheDir: path.join(ROOT, ".cache"),
    configuredPath: process.env["TEMPORAL_CLI_PATH"],
  });
  searched = `${path.dirname(cli.path)}${path.delimiter}${process.env["PATH"]}`;
  // The supervisor must not kill a part that a test freezes, however long the test takes.
  lab = await startTestLab({ hangsAfterMs: 1_800_000 });
});

afterAll(async () => {
  await lab?.remove();
  await rm(folder, { recursive: true, force: true });
});

const environment = (broken: Readonly<Record<string, string>>) => ({ PATH: searched, LAB_DIR: lab.dir, ...broken });

interface Examined {
  readonly code: number | undefined;
  readonly findings: readonly Finding[];
  /** The codes of the findings that are not ok. */
  readonly sick: readonly (Ailment | null)[];
  of(code: Ailment): Finding;
}

/** What the doctor says of holdouts where PostgreSQL answered everybody else in time: the machine is too busy. */
const TOO_SLOW = "nobody could see which are set";

/** Runs the doctor as an operator does, in the lab's environment, again where the machine was too busy for it. */
async function report(broken: Readonly<Record<string, string>>, options: readonly string[], repeats = 5) {
  for (let left = repeats; ; left -= 1) {
    const { stdout, exitCode } = await execa(DOCTOR, ["doctor", "--json", ...options], {
      env: environment(broken),
      extendEnv: false,
      reject: false,
    });
    const { ok, findings } = ReportSchema.parse(JSON.parse(stdout));
    if (left === 0 || !findings.some(({ detail }) => detail.includes(TOO_SLOW))) return { ok, findings, exitCode };
  }
}

/** @param broken what is set otherwise than in the lab's environment */
async function doctor(broken: Readonly<Record<string, string>> = {}, ...options: string[]): Promise<Examined> {
  const { ok, findings, exitCode } = await report(broken, options);
  const ill = findings.filter(({ severity }) => severity !== "ok");
  for (const { code, fix } of ill) if (code !== null && fix !== null) seen.set(code, fix);
  for (const { severity, code, fix } of findings) {
    expect(severity === "ok", `${code} ${fix}`).toBe(code === null && fix === null);
    if (code !== null) expect(severity).toBe(AILMENTS[code].severity);
  }
  expect(ok).toBe(exitCode === 0);
  const sick = ill.map(({ code }) => code);
  return {
    code: exitCode,
    findings,
    sick,
    of(code) {
      const finding = ill.find((each) => each.code === code);
      if (finding === undefined) throw new Error(`not found: ${code}, but ${sick.join(", ")}`);
      return finding;
    },
  };
}

/** Types the command that a finding names, in the same environment. */
async function obey({ fix }: Finding, broken: Readonly<Record<string, string>>): Promise<void> {
  await execa("sh", ["-c", fix ?? "false"], { cwd: ROOT, env: environment(broken), extendEnv: false });
}

const well = (examined: Examined) =>
  expect({ code: examined.code, sick: examined.sick }).toEqual({ code: 0, sick: [] });

describe("a healthy lab", () => {
  test("is called well, and its errand leaves nothing in the record", async () => {
    const pool = createPool(lab.addresses.database, { max: 1 });
    onTestFinished(() => pool.end());
    // The lab lengthens the retention a moment after its start.
    await until(async () => (await doctor({}, "--no-probe")).code === 0, { what: "a well lab", timeoutMs: 120_000 });
    const examined = await doctor();
    well(examined);
    expect(examined.findings.map(({ part }) => part)).toEqual(
      expect.arrayContaining([
        "End to end",
        "Clock of Temporal",
        "Clock of PostgreSQL",
        "Clock of KTRDR",
        "Data folder",
      ]),
    );
    expect(await run(pool, "select 1 from tool_executions where tool = 'doctor'")).toEqual([]);
  });

  test("in words: aligned, a mark for each line, and a verdict", async () => {
    const { stdout, exitCode } = await execa(DOCTOR, ["doctor"], { env: environment({}), extendEnv: false });
    expect(exitCode).toBe(0);
    const lines = stdout.split("\n");
    expect(lines.slice(-2)).toEqual(["", "All is well."]);
    const columns = lines.slice(0, -2).map((line) => /^✔ .+? {2,}(?=\S)/.exec(line)?.[0].length);
    expect(new Set(columns).size, stdout).toBe(1);
  });

  test("called wrongly, it says how to, and ends with 2", async () => {
    for (const wrong of [["--nonsense"], ["everything"], ["--patience", "soon"], ["--patience", "0"]]) {
      const { exitCode, stderr, stdout } = await execa(DOCTOR, ["doctor", ...wrong], {
        env: environment({}),
        reject: false,
      });
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
      expect(stderr).toContain("Usage: ktrdr-mcp doctor");
    }
  });
});

test("with nothing running it names each part", async () => {
  const [database, temporal, ktrdr] = [await freePort(), await freePort(), await freePort()];
  const examined = await doctor({
    LAB_DIR: folder,
    DATABASE_URL: `postgresql://postgres@127.0.0.1:${database}/x`,
    TEMPORAL_ADDRESS: `127.0.0.1:${temporal}`,
    KTRDR_API_URL: `http://127.0.0.1:${ktrdr}`,
  });
  expect(examined.code).toBe(1);
  expect(examined.sick).toEqual(["postgres_down", "temporal_down", "ktrdr_down", "strategies_unset"]);
});

describe("PostgreSQL", () => {
  test("down", async () => {
    const there = { DATABASE_URL: `postgresql://postgres@127.0.0.1:${await freePort()}/x` };
    expect((await doctor(there, "--no-probe")).sick).toEqual(["postgres_down"]);
  });

  test("another program at its port is named", async () => {
    const { port } = new URL(lab.addresses.ktrdr);
    const examined = await doctor({ DATABASE_URL: `postgresql://postgres@127.0.0.1:${port}/x` }, "--no-probe");
    expect(examined.sick).toEqual(["port_taken"]);
    expect(examined.of("port_taken").detail).toContain(`pid ${lab.pid("ktrdr-api")} `);
  });

  test("a worker of ours whose clock is off, though no errand reaches it", async () => {
    const pool = createPool(lab.addresses.database, { max: 1 });
    onTestFinished(() => pool.end());
    await run(pool, "insert into clocks values ('7@elsewhere', -600, now())");
    const examined = await doctor({}, "--no-probe");
    await run(pool, "delete from clocks");
    expect({ code: examined.code, sick: examined.sick }).toEqual({ code: 0, sick: ["clock_skew"] });
    expect(examined.of("clock_skew")).toMatchObject({
      part: "Clock of worker 7@elsewhere",
      detail: "600 s behind PostgreSQL's",
    });
  });

  test("that cannot be written, by whose order", async () => {
    const there = new URL(lab.addresses.database);
    there.searchParams.set("options", "-c default_transaction_read_only=on");
    const examined = await doctor({ DATABASE_URL: there.href }, "--no-probe");
    expect(examined.sick).toEqual(["postgres_readonly"]);
    expect(examined.of("postgres_readonly").detail).toContain("default_transaction_read_only is on");
  });

  test("that lets us in and no further, or not at all: the grant or the setting is named", async () => {
    const pool = createPool(lab.addresses.database, { max: 1 });
    onTestFinished(async () => await pool.end());
    await run(pool, "create role stranger login password 'known'");
    const as = (user: string) => lab.addresses.database.replace(/\/\/[^@]*@/, `//${user}:known@`);
    const examined = await doctor({ DATABASE_URL: as("stranger") }, "--no-probe");
    expect(examined.of("postgres_refuses").note).toContain("grant all on all tables in schema public");
    const unknown = await doctor({ DATABASE_URL: as("nobody_there") }, "--no-probe");
    expect(unknown.sick).toEqual(["postgres_refuses"]);
    expect(unknown.of("postgres_refuses").detail).toContain("nobody_there");
  });

  test("whose database cannot hold every character", async () => {
    const pool = createPool(lab.addresses.database, { max: 1 });
    onTestFinished(async () => await pool.end());
    await run(pool, "create database latin encoding 'LATIN1' locale 'C' template template0");
    const there = new URL(lab.addresses.database);
    there.pathname = "/latin";
    const examined = await doctor({ DATABASE_URL: there.href }, "--no-probe");
    expect(examined.sick).toEqual(["postgres_encoding", "tables_missing"]);
    expect(examined.of("postgres_encoding").note).toContain("encoding 'UTF8'");
  });

  test("research that is held, until what it says is done", async () => {
    const types = async (command: string) =>
      await execa("sh", ["-c", command], { cwd: ROOT, env: environment({}), extendEnv: false });
    for (const [command, code] of [
      ["bin/ktrdr-mcp pause-research --reason 'a new disk'", "research_paused"],
      ["bin/ktrdr-mcp budget 0", "budget_used_up"],
    ] as const) {
      await types(command);
      const examined = await doctor({}, "--no-probe");
      expect({ code: examined.code, sick: examined.sick }).toEqual({ code: 0, sick: [code] });
      await obey(examined.of(code), {});
      well(await doctor({}, "--no-probe"));
    }
  });

  test("without tables, until what it says is done; with those of a later version", async () => {
    const url = new URL(lab.addresses.database);
    url.pathname = "/doctor_test";
    const there = { DATABASE_URL: url.href };
    const examined = await doctor(there, "--no-probe");
    expect(examined.sick).toEqual(["tables_missing"]);
    await obey(examined.of("tables_missing"), there);
    well(await doctor(there, "--no-probe"));

    const pool = createPool(url.href, { max: 1 });
    onTestFinished(() => pool.end());
    const [table] = await run(
      pool,
      "select table_name from information_schema.tables where table_name like '%migration%'",
    );
    await run(pool, `insert into ${String(table?.["table_name"])} (name, run_on) values ('9999_tomorrow', now())`);
    expect((await doctor(there, "--no-probe")).sick).toEqual(["schema_newer"]);
  });
});

describe("Temporal", () => {
  test("down", async () => {
    const there = { TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}` };
    expect((await doctor(there)).sick).toEqual(["temporal_down"]);
  });

  test("no namespace, then no attributes, no worker and a short memory: each until it is mended", async () => {
    const there = { TEMPORAL_NAMESPACE: "elsewhere" };
    const without = await doctor(there);
    expect(without.sick).toEqual(["namespace_missing"]);
    await obey(without.of("namespace_missing"), there);
    const created = async () => !(await doctor(there)).sick.includes("namespace_missing");
    await until(created, { what: "the namespace being known everywhere", timeoutMs: 120_000 });
    const bare = await doctor(there);
    expect(bare.code).toBe(1);
    expect(bare.sick).toEqual(["search_attributes_missing", "worker_missing"]);
    const cli = `temporal operator search-attribute create --address ${lab.addresses.temporal} -n elsewhere`;
    await obey({ ...bare.of("worker_missing"), fix: `${cli} --name KtrdrKind --type Int` }, there);
    const typed = async () => (await doctor(there)).sick.includes("search_attributes_type");
    await until(typed, { what: "the other type", timeoutMs: 120_000 });
    const odd = await doctor(there);
    expect(odd.of("search_attributes_type").detail).toContain("KtrdrKind");
    await obey(odd.of("search_attributes_type"), there);
    const removed = async () => (await doctor(there)).sick.includes("search_attributes_missing");
    await until(removed, { what: "the attribute being gone", timeoutMs: 120_000 });
    await obey(bare.of("search_attributes_missing"), there);

    const shorten = `temporal operator namespace update --address ${lab.addresses.temporal} -n elsewhere --retention 3d`;
    await obey({ ...bare.of("worker_missing"), fix: shorten }, there);
    const forgetful = async () => (await doctor(there)).sick.join() === "retention_short,worker_missing";
    await until(forgetful, { what: "the attributes and the retention", timeoutMs: 120_000 });
    await obey((await doctor(there)).of("retention_short"), there);
    const mended = async () => (await doctor(there)).sick.join() === "worker_missing";
    await until(mended, { what: "the longer retention", timeoutMs: 120_000 });
  });

  test("no program of that name", async () => {
    const examined = await doctor({ TEMPORAL_CLI_PATH: path.join(folder, "nowhere") }, "--no-probe");
    expect({ code: examined.code, sick: examined.sick }).toEqual({ code: 0, sick: ["temporal_cli_missing"] });
  });

  test("a worker that hangs is found out by the errand", async () => {
    const worker = lab.pid("worker");
    process.kill(worker, "SIGSTOP");
    onTestFinished(() => void process.kill(worker, "SIGCONT"));
    expect((await doctor()).sick).toEqual(["probe_failed"]);
  });
});

/** A proxy in front of KTRDR that changes its answers. */
async function beforeKtrdr(
  change: (body: string) => string | Promise<string>,
  aheadMs = 0,
): Promise<Record<string, string>> {
  const server = createServer(({ url = "/" }, response) => {
    void (async () => {
      const answer = await fetch(new URL(url, lab.addresses.ktrdr));
      const type = answer.headers.get("content-type") ?? "application/json";
      const text = await change(await answer.text());
      response.writeHead(answer.status, { date: new Date(Date.now() + aheadMs).toUTCString(), "content-type": type });
      response.end(text);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { KTRDR_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe("KTRDR", () => {
  test("not there", async () => {
    const examined = await doctor({ KTRDR_API_URL: `http://127.0.0.1:${await freePort()}` }, "--no-probe");
    expect({ code: examined.code, sick: examined.sick }).toEqual({ code: 1, sick: ["ktrdr_down"] });
  });

  test("is given as long to answer as it is told", async () => {
    const late = async (body: string) => await delay(2_000, body);
    const there = await beforeKtrdr(late);
    const impatient = await doctor(there, "--no-probe", "--patience", "1");
    expect(impatient.findings.find(({ part }) => part === "KTRDR")?.code).toBe("port_taken");
    well(await doctor(there, "--no-probe", "--patience", "120"));
  });

  test("its clock is off, its version unknown: warnings alone end with 0", async () => {
    const newer = (body: string) => body.replace(/"version":"[^"]+"/, '"version":"9.0.0"');
    const examined = await doctor(await beforeKtrdr(newer, 600_000), "--no-probe");
    expect({ code: examined.code, sick: examined.sick }).toEqual({ code: 0, sick: ["ktrdr_unexamined", "clock_skew"] });
    expect(examined.of("clock_skew")).toMatchObject({
      part: "Clock of KTRDR",
      detail: expect.stringMatching(/^(59\d|600) s ahead/),
    });
  });

  test("a worker that cannot be reached from here", async () => {
    // Port 1: nobody listens there, and no other test can take it.
    const moved = (body: string) =>
      body.replaceAll(/("worker_type":"training"[^}]*?"endpoint_url":"http:\/\/[^:]+:)\d+/g, "$11");
    const examined = await doctor(await beforeKtrdr(moved), "--no-probe");
    expect(examined.sick).toEqual(["ktrdr_worker_silent"]);
    expect(examined.of("ktrdr_worker_silent")).toMatchObject({ part: "KTRDR worker training-1" });
  });

  test("answers with errors: KTRDR is blamed, and nothing else", async () => {
    const server = createServer((_, response) => response.writeHead(500).end('{"detail":"Internal Server Error"}'));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const examined = await doctor({ KTRDR_API_URL: `http://127.0.0.1:${port}` }, "--no-probe");
    expect(examined.sick).toEqual(["ktrdr_failing"]);
    expect(examined.of("ktrdr_failing")).toMatchObject({
      detail: expect.stringContaining("500"),
      note: expect.stringContaining("own log"),
    });
  });

  test("without a backtest worker, and with another that cannot be reached: both are told", async () => {
    const bent = (body: string) =>
      body
        .replaceAll('"worker_type":"backtesting"', '"worker_type":"host"')
        .replaceAll(/("worker_type":"training"[^}]*?"endpoint_url":"http:\/\/[^:]+:)\d+/g, "$11");
    const examined = await doctor(await beforeKtrdr(bent), "--no-probe");
    expect(examined.sick).toEqual(["ktrdr_workers_missing", "ktrdr_worker_silent"]);
    expect(examined.of("ktrdr_workers_missing")).toMatchObject({
      fix: "bin/ktrdr-mcp doctor",
      note: expect.stringContaining("backtesting worker of KTRDR"),
    });
  });

  test("a worker that hangs is silent first, then missing", async () => {
    const training = lab.pid("ktrdr-training");
    process.kill(training, "SIGSTOP");
    onTestFinished(() => void process.kill(training, "SIGCONT"));
    const codes: string[] = [];
    const missing = async () => {
      codes.push((await doctor({}, "--no-probe")).sick.join());
      return codes.at(-1)?.startsWith("ktrdr_workers_missing") === true;
    };
    await until(missing, { what: "the registry noticing it", timeoutMs: 120_000 });
    const told = ["ktrdr_worker_silent", "ktrdr_workers_missing", "ktrdr_workers_missing,ktrdr_worker_silent"];
    expect(codes.filter((code) => !told.includes(code))).toEqual([]);
  });
});

describe("a holdout", () => {
  const data = (name: string) => path.join(lab.dir, "ktrdr", "data", name);
  const details = ({ findings }: Examined) =>
    findings.filter(({ part }) => part === "Holdout").map(({ detail }) => detail);
  let open: string;
  let kept: string;
  beforeAll(async () => {
    const whole = await readFile(data("SYNNOISE_1d.csv"), "utf8");
    await writeFile(data("VAULT_1d.csv"), whole);
    await obey({ fix: "bin/ktrdr-mcp holdout set VAULT 1d 2010-01-01" } as Finding, {});
    [open, kept] = [await readFile(data("VAULT_1d.csv"), "utf8"), await readFile(data("VAULT.HOLDOUT_1d.csv"), "utf8")];
    return async () => {
      const pool = createPool(lab.addresses.database, { max: 1 });
      await run(pool, "delete from holdouts");
      await pool.end();
      for (const name of ["VAULT_1d.csv", "VAULT.HOLDOUT_1d.csv", "VAULT_1h.csv"])
        await rm(data(name), { force: true });
    };
  });

  test("whose file the agent's user can read, or that KTRDR's API would show, is kept by the tools only", async () => {
    const examined = await doctor({}, "--no-probe");
    expect({ code: examined.code, sick: examined.sick }).toEqual({ code: 0, sick: ["holdout_weak", "holdout_weak"] });
    expect(details(examined)).toEqual([
      expect.stringContaining("VAULT.HOLDOUT_1d.csv is readable by the user that runs the doctor"),
      expect.stringContaining("has no login: whoever can reach it can ask it for the bars"),
    ]);
  });

  test("that others than its owner may read", async () => {
    await chmod(data("VAULT.HOLDOUT_1d.csv"), 0o644);
    expect((await doctor({}, "--no-probe")).of("holdout_weak").detail).toContain("has the mode 644");
    await chmod(data("VAULT.HOLDOUT_1d.csv"), 0o600);
  });

  test("that nobody can look at from here", async () => {
    const examined = await doctor({ KTRDR_DATA_DIR: path.join(folder, "nowhere") }, "--no-probe");
    expect(details(examined)[0]).toContain("nobody could look");
  });

  test("that PostgreSQL does not list in time is not taken for none", async () => {
    // A connection without our limits: they would end a lock that is held for long.
    const keeper = new pg.Client(lab.addresses.database);
    await keeper.connect();
    onTestFinished(() => keeper.end());
    await keeper.query("begin; lock table holdouts in access exclusive mode");
    const { findings } = await report({}, ["--no-probe", "--patience", "8"], 0);
    expect(findings.filter(({ part }) => part === "Holdout")).toMatchObject([
      { code: "holdouts_unexamined", detail: expect.stringContaining(TOO_SLOW) },
    ]);
  });

  test("whose file was changed, or is missing", async () => {
    await writeFile(data("VAULT.HOLDOUT_1d.csv"), kept.replace(/\d(?=\n)/, "7"));
    expect((await doctor({}, "--no-probe")).of("holdout_broken").detail).toContain("was changed since it was set");
    await rm(data("VAULT.HOLDOUT_1d.csv"));
    expect((await doctor({}, "--no-probe")).of("holdout_broken").detail).toContain("is missing");
    await writeFile(data("VAULT.HOLDOUT_1d.csv"), kept, { mode: 0o600 });
  });

  test("whose days lie in open files, which the command it names mends", async () => {
    await writeFile(data("VAULT_1d.csv"), open + kept.split("\n").slice(51).join("\n"));
    const found = (await doctor({}, "--no-probe")).of("holdout_open");
    expect(found.fix).toBe("bin/ktrdr-mcp holdout set VAULT 1d 2010-01-01");
    await obey(found, {});
    expect(await readFile(data("VAULT_1d.csv"), "utf8")).toBe(open);
    expect(await readFile(data("VAULT.HOLDOUT_1d.csv"), "utf8")).toBe(kept);
    expect((await doctor({}, "--no-probe")).sick).toEqual(["holdout_weak", "holdout_weak"]);
  });
});

describe("indicators", () => {
  const ofIndicators = ({ findings }: Examined) => findings.filter(({ part }) => part === "Indicators");

  test("are looked at when asked for: each keeps its past values", async () => {
    const examined = await doctor({}, "--no-probe", "--deep");
    well(examined);
    expect(ofIndicators(examined)).toMatchObject([
      { severity: "ok", detail: expect.stringMatching(/^all \d\d types on/) },
    ]);
  });

  test("one that tells the future, and one that KTRDR does not compute", async () => {
    const { url, close } = await ktrdrThat((type, answer) => {
      if (type === "adx") return { status: 500, body: { detail: "no" } };
      const { length } = answer.dates;
      const shifted = (values: readonly (number | null)[]) =>
        values.map((value) => (value === null ? null : value + length));
      const indicators = Object.entries(answer.indicators).map(([name, values]) => [name, shifted(values)]);
      return { status: 200, body: type === "rsi" ? { ...answer, indicators: Object.fromEntries(indicators) } : answer };
    });
    onTestFinished(close);
    const examined = await doctor({ KTRDR_API_URL: url }, "--no-probe", "--deep");
    expect(examined.of("indicator_repaints").detail).toMatch(
      /past values change when later bars come: rsi \(rsi\w*\)$/,
    );
    expect(examined.of("indicators_unexamined").detail).toBe("KTRDR did not compute adx");
  });
});

interface Calculated {
  readonly dates: readonly string[];
  readonly indicators: Readonly<Record<string, readonly (number | null)[]>>;
}

/** The lab's KTRDR, with other answers to calculations. */
async function ktrdrThat(
  answers: (type: string, answer: Calculated) => { readonly status: number; readonly body: unknown },
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    void (async () => {
      const body = (await Array.fromAsync(request, String)).join("");
      const { method = "GET", url = "/" } = request;
      const passed = await fetch(`${lab.addresses.ktrdr}${url}`, {
        method,
        headers: { "content-type": "application/json" },
        ...(body === "" ? {} : { body }),
      });
      const told = (await passed.json()) as Calculated;
      const [{ id }] = url.includes("/indicators/calculate") ? JSON.parse(body).indicators : [{ id: null }];
      const other = id === null ? { status: passed.status, body: told } : answers(id, told);
      response.writeHead(other.status, { "content-type": "application/json" }).end(JSON.stringify(other.body));
    })();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

describe("settings", () => {
  test("a folder that is a file", async () => {
    // The tests may run as root, which permissions do not stop. A file in the place of a folder stops it.
    const file = path.join(folder, "file");
    await writeFile(file, "");
    const unwritable = await doctor({ KTRDR_STRATEGIES_DIR: file }, "--no-probe");
    expect({ code: unwritable.code, sick: unwritable.sick }).toEqual({ code: 1, sick: ["strategies_unwritable"] });
    const unreadable = await doctor({ KTRDR_DATA_DIR: file, KTRDR_MODELS_DIR: file }, "--no-probe");
    expect({ code: unreadable.code, sick: unreadable.sick }).toEqual({
      code: 0,
      sick: ["data_unreadable", "models_unreadable"],
    });
  });

  test("a value that cannot be used", async () => {
    const examined = await doctor({ KTRDR_API_URL: "ftp://ktrdr" });
    expect({ code: examined.code, sick: examined.sick }).toEqual({ code: 1, sick: ["config_invalid"] });
    expect(examined.of("config_invalid").detail).toContain("KTRDR_API_URL");
  });

  test("an old Node", () => {
    const finding = checkNode("v20.19.0", "/usr/bin/node");
    expect(finding).toMatchObject({ code: "node_old", severity: "problem" });
    seen.set("node_old", finding.fix ?? "");
    for (const version of ["v24.12.0", "v24.21.0", "v25.0.0"]) expect(checkNode(version, "").severity).toBe("ok");
  });
});

test("parts are waited for as many times longer as the doctor took to come up than it computed", () => {
  expect(patienceAfter({ upMs: 500, computedMs: 600 })).toBe(4_000);
  expect(patienceAfter({ upMs: 1_700, computedMs: 600 })).toBe(12_000);
  expect(patienceAfter({ upMs: 600_000, computedMs: 600 })).toBe(60_000);
});

test("a clock is off only by what the way of the answer does not explain", () => {
  const glance = { before: 10_000, after: 11_000 };
  expect(skewOf({ ...glance, theirs: 10_500 })).toBe(0);
  expect(skewOf({ ...glance, theirs: 13_500 })).toBe(2_500);
  expect(skewOf({ ...glance, theirs: 4_000 })).toBe(-6_000);
  expect(skewOf({ ...glance, theirs: 9_000, coarseMs: 1_000 })).toBe(0);
  expect(skewOf({ ...glance, theirs: 7_000, coarseMs: 1_000 })).toBe(-2_000);
});

describe("what it says", () => {
  /** Findings about servers that are older than any that can be had here. */
  const UNSEEN: readonly Ailment[] = ["postgres_old", "temporal_old"];

  test("everything it may find was found above", () => {
    const expected = Object.keys(AILMENTS).filter((code) => !(UNSEEN as readonly string[]).includes(code));
    expect([...seen.keys()].toSorted()).toEqual(expected.toSorted());
  });

  test("every command it named exists", async () => {
    const run_ = (command: string) =>
      execa("sh", ["-c", command], { cwd: ROOT, env: environment({}), extendEnv: false });
    const { stdout: help } = await run_("bin/ktrdr-mcp --help");
    const { stdout: targets } = await run_("make help");
    for (const fix of new Set(seen.values())) {
      const [program, ...words] = fix.split(" ");
      if (program === "bin/ktrdr-mcp") expect(help).toMatch(new RegExp(`^ {2}${words[0]} `, "m"));
      else if (program === "make") expect(targets).toMatch(new RegExp(`make ${words[0]} `));
      else if (program === "temporal") {
        const flags = words.slice(
          0,
          words.findIndex((word) => word.startsWith("--")),
        );
        expect((await run_(`temporal ${flags.join(" ")} --help`)).stdout).toContain(`temporal ${flags.join(" ")}`);
      } else expect(fix).toBe("timedatectl set-ntp true");
    }
  });

  test("docs/repair.md has a row for each finding, and no other", async () => {
    const page = await readFile(path.join(ROOT, "docs/repair.md"), "utf8");
    const rows = [...page.matchAll(/^\| `(\w+)` \| (problem|warning) \| (.+?) \|/gm)].map(
      ([, code, severity, means]) => ({
        code,
        severity,
        means,
      }),
    );
    expect(rows).toEqual(Object.entries(AILMENTS).map(([code, { severity, means }]) => ({ code, severity, means })));
  });
});
