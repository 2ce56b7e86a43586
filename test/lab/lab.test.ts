import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { openLazily } from "../../src/temporal/open-connection.ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ROOT } from "../../src/root.ts";
import type { Report } from "../../src/doctor/finding.ts";
import { jobsInWebUi } from "../../src/domain/web-ui.ts";
import { readLabFile, type LabFile } from "../../src/running-lab/lab-file.ts";
import { isRunning, startOf, type ProcessId } from "../../src/machine/process-identity.ts";
import { until } from "../../lab/until.ts";
import { createPool, run } from "../../src/store/pool.ts";
import { startTestLab, type TestLab } from "../support/lab.ts";
import { freePort } from "../support/ports.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { startTestTemporal } from "../support/temporal.ts";

const PARTS = ["postgres", "temporal", "ktrdr-api", "ktrdr-training", "ktrdr-backtesting", "worker"];

let dir: string;
let labs: TestLab[];
let processes: ChildProcess[];
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "ktrdr-mcp-lab-"));
  labs = [];
  processes = [];
});
afterEach(async () => {
  for (const lab of labs) await lab.stop();
  for (const child of processes) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGTERM");
    await once(child, "exit");
  }
  rmSync(dir, { recursive: true, force: true });
});

async function start(env: Readonly<Record<string, string>> = {}): Promise<TestLab> {
  const lab = await startTestLab({ dir, env });
  labs.push(lab);
  return lab;
}

async function identities(lab: TestLab): Promise<ProcessId[]> {
  return Promise.all(lab.parts().map(async ({ pid }) => ({ pid: pid!, started: (await startOf(pid!))! })));
}

/** The processes that still run. */
async function stillRunning(ids: readonly ProcessId[]): Promise<ProcessId[]> {
  const states = await Promise.all(ids.map(async (id) => ((await isRunning(id)) ? [id] : [])));
  return states.flat();
}

async function remember(lab: TestLab, text: string): Promise<void> {
  const pool = createPool(lab.addresses.database);
  await run(pool, "create table if not exists memory (text text)");
  await run(pool, "insert into memory values ($1)", [text]);
  await pool.end();
}

async function memory(database: string): Promise<unknown[]> {
  const pool = createPool(database);
  const rows = await run(pool, "select text from memory");
  await pool.end();
  return rows.map((row) => row["text"]);
}

/** The lab as a user starts it: its own process, by the launcher. */
function launchLab(env: Readonly<Record<string, string>> = {}) {
  const child = spawn(path.join(ROOT, "bin/ktrdr-mcp"), ["lab"], {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], SANDBOX_TIME_SCALE: "0.1", LAB_DIR: dir, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  processes.push(child);
  let said = "";
  const ready = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes("Ctrl-C stops everything.")) resolve();
      });
    }
    child.once("exit", (code) => reject(new Error(`the lab ended with ${code}:\n${said}`)));
  });
  ready.catch(() => undefined);
  return { child, ready, said: () => said };
}

/** The parts a lab process has recorded as running. */
function recorded(): ProcessId[] {
  const runs = path.join(dir, "run");
  return readdirSync(runs).flatMap((each) =>
    readdirSync(path.join(runs, each)).map((file) => {
      const [pid = "", , ...started] = readFileSync(path.join(runs, each, file), "utf8")
        .trim()
        .split(" ");
      return { pid: Number(pid), started: started.join(" ") };
    }),
  );
}

/** Files and folders that other users than the owner may use. */
function openToOthers(place: string): string[] {
  const found = statSync(place, { throwIfNoEntry: false });
  if (found === undefined) return []; // a server's journal comes and goes
  const { mode } = found;
  const inner = found.isDirectory() ? readdirSync(place).map((name) => path.join(place, name)) : [];
  return [...((mode & 0o077) === 0 ? [] : [place]), ...inner.flatMap(openToOthers)];
}

describe("the lab", () => {
  test("brings up every part, says where they are, stops them all and remembers", async () => {
    const lab = await start();
    expect(lab.parts().map(({ name }) => name)).toEqual(PARTS);
    const file = await readLabFile(dir);
    expect(file).toMatchObject({ pid: process.pid, addresses: lab.addresses, env: lab.env });
    expect(statSync(path.join(dir, "lab.json")).mode & 0o077).toBe(0);
    expect((await fetch(`${lab.addresses.ktrdr}/api/v1/health`)).status).toBe(200);
    expect((await fetch(lab.addresses.temporalUi!)).status).toBe(200);
    const strategies = lab.env["KTRDR_STRATEGIES_DIR"]!;
    expect(statSync(strategies).isDirectory()).toBe(true);
    await remember(lab, "before the stop");
    const ids = await identities(lab);

    await expect(startTestLab({ dir })).rejects.toMatchObject({
      what: expect.stringContaining(`process ${process.pid}`),
    });
    await lab.stop();
    expect(await stillRunning(ids)).toEqual([]);
    expect(await readLabFile(dir)).toBeUndefined();
    expect(readdirSync(path.join(dir, "run"))).toEqual([]);

    const again = await start();
    expect(again.addresses).toEqual(lab.addresses);
    expect(again.namespace).toBe(lab.namespace);
    expect(await memory(again.addresses.database)).toEqual(["before the stop"]);
  });

  test("a part that hangs is started again, and nothing is lost", async () => {
    const lab = await startTestLab({ dir, hangsAfterMs: 10_000 });
    try {
      await remember(lab, "before it hung");
      for (const name of ["postgres", "temporal", "ktrdr-api", "ktrdr-training"]) {
        const pid = lab.pid(name);
        process.kill(pid, "SIGSTOP");
        await lab.back(name, pid);
        expect(lab.events).toContainEqual(expect.objectContaining({ type: "hangs", name, pid }));
      }
      expect(await memory(lab.addresses.database)).toEqual(["before it hung"]);
    } finally {
      await lab.stop();
    }
  });

  test("starts again each part that is killed, all at once, on the same data", async () => {
    const lab = await start();
    await remember(lab, "before the kill");
    const before = PARTS.map((name) => ({ name, pid: lab.kill(name) }));
    await Promise.all(before.map(({ name, pid }) => lab.back(name, pid)));
    expect(await memory(lab.addresses.database)).toEqual(["before the kill"]);
    expect((await fetch(`${lab.addresses.ktrdr}/api/v1/health`)).status).toBe(200);
    const connection = openLazily({ address: lab.addresses.temporal });
    const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace: lab.namespace });
    expect(namespaceInfo?.name).toBe(lab.namespace);
    await connection.close();
  });

  test("does not start what the environment names, and uses that", async () => {
    const database = await createTestDatabase({ migrated: false });
    const temporal = await startTestTemporal();
    try {
      const lab = await start({ DATABASE_URL: database.url, TEMPORAL_ADDRESS: temporal.address });
      expect(lab.parts().map(({ name }) => name)).toEqual(PARTS.filter((name) => !/postgres|temporal/.test(name)));
      expect(lab.addresses).toMatchObject({ database: database.url, temporal: temporal.address });
      expect(lab.env).toMatchObject({ DATABASE_URL: database.url, TEMPORAL_ADDRESS: temporal.address });
      const pool = createPool(database.url);
      expect(await run(pool, "select count(*)::int as n from jobs")).toEqual([{ n: 0 }]);
      await pool.end();
      await lab.stop();
      // Only the lab's own parts were stopped. The others still serve.
      expect(temporal.pid()).toEqual(expect.any(Number));
    } finally {
      await temporal.stop();
      await database.drop();
    }
  });

  test("somebody takes a port between the look at it and its use: another is taken", async () => {
    const thief = createServer((socket) => socket.destroy());
    let stolen = 0;
    const beforeTemporal = async () => {
      if (stolen !== 0) return;
      stolen = (JSON.parse(readFileSync(path.join(dir, "ports.json"), "utf8")) as { temporal: number }).temporal;
      thief.listen(stolen, "127.0.0.1");
      await once(thief, "listening");
    };
    try {
      const lab = await startTestLab({ dir, beforeTemporal });
      labs.push(lab);
      expect(lab.addresses.temporal).not.toBe(`127.0.0.1:${stolen}`);
      expect(lab.parts().map(({ name }) => name)).toEqual(PARTS);
    } finally {
      await new Promise((resolve) => thief.close(resolve));
    }
  });

  test("a port that somebody held only while its part came up costs another attempt", async () => {
    const visitor = createServer((socket) => socket.destroy());
    let visit = Promise.resolve();
    let visits = 0;
    const beforeTemporal = async () => {
      if (visits > 0) return;
      visits += 1;
      const { temporal } = JSON.parse(readFileSync(path.join(dir, "ports.json"), "utf8")) as { temporal: number };
      visitor.listen(temporal, "127.0.0.1");
      await once(visitor, "listening");
      const log = path.join(dir, "logs", "temporal.log");
      const refused = async () => existsSync(log) && /address already in use/.test(readFileSync(log, "utf8"));
      visit = until(refused, { what: "the server being refused its port", timeoutMs: 120_000, everyMs: 2 }).then(
        () => void visitor.close(),
      );
    };
    const lab = await startTestLab({ dir, beforeTemporal });
    labs.push(lab);
    await visit;
    expect(lab.parts().map(({ name }) => name)).toEqual(PARTS);
  });

  test("an address that does not answer is an error that names the variable; nothing is left", async () => {
    const failure = startTestLab({ dir, env: { TEMPORAL_ADDRESS: "127.0.0.1:9" } });
    await expect(failure).rejects.toMatchObject({
      what: "TEMPORAL_ADDRESS is set, but Temporal does not answer there.",
      next: expect.stringContaining("unset it"),
    });
    expect(readdirSync(path.join(dir, "run"))).toEqual([]);
  });
});

describe("the lab process", () => {
  test("says which process holds a port, and takes another; SIGINT stops all, exit 0", async () => {
    const blocker = createServer();
    // Another lab of the suite may hold port 8000 for a while, and would let go of it before this one looks.
    const held = async () => {
      const listening = once(blocker, "listening");
      blocker.listen(8000, "127.0.0.1");
      await listening;
      return blocker.listening;
    };
    await until(held, { what: "Port 8000", timeoutMs: 300_000 });
    // An earlier version of the lab left its folder and logs open like this.
    chmodSync(dir, 0o755);
    mkdirSync(path.join(dir, "logs"), { mode: 0o755 });
    writeFileSync(path.join(dir, "logs", "old.log"), "secret", { mode: 0o644 });
    try {
      const { child, ready, said } = launchLab();
      await ready;
      expect(openToOthers(dir)).toEqual([]);
      expect(said()).not.toContain(readFileSync(path.join(dir, "postgres", "password"), "utf8"));
      expect(said()).toMatch(/Port 8000 \(ktrdr\) is held by .*; using \d+ instead\./);
      expect(said()).toContain(`claude mcp add ktrdr --env LAB_DIR=${dir} -- ${path.join(ROOT, "bin/ktrdr-mcp")} mcp`);
      const lab = (await readLabFile(dir))!;
      expect(lab.pid).toBe(child.pid);
      const jobs = jobsInWebUi(lab.addresses.temporalUi!, lab.env["TEMPORAL_NAMESPACE"]!);
      const printed = said().split(lab.addresses.temporalUi!).slice(1);
      expect(printed).toHaveLength(2); // as part of its step, and when it is ready
      for (const rest of printed) expect(`${lab.addresses.temporalUi}${rest}`.startsWith(jobs)).toBe(true);
      const desktop = /\{[\s\S]*\}/.exec(said())![0];
      expect(JSON.parse(desktop)).toEqual({
        mcpServers: { ktrdr: { command: path.join(ROOT, "bin/ktrdr-mcp"), args: ["mcp"], env: { LAB_DIR: dir } } },
      });
      expect(await doctor(lab)).toEqual({ code: 0, sick: [] });

      const second = launchLab();
      await expect(second.ready).rejects.toThrow(/ended with 1:[\s\S]*process \d+/);
      expect(second.said()).toContain(`A lab is already running in ${dir}: process ${child.pid}.`);

      const ids = recorded();
      expect(ids).toHaveLength([...PARTS, "page"].length);
      child.kill("SIGINT");
      const [code] = (await once(child, "exit")) as [number];
      expect(code).toBe(0);
      expect(await stillRunning(ids)).toEqual([]);
    } finally {
      if (blocker.listening) await new Promise((resolve) => blocker.close(resolve));
    }
  });

  test("killed, it takes its parts along; the next start goes on with the same data", async () => {
    const first = launchLab();
    await first.ready;
    const lab = (await readLabFile(dir))!;
    const ids = recorded();
    expect(ids).toHaveLength([...PARTS, "page"].length);
    first.child.kill("SIGKILL");
    await once(first.child, "exit");
    expect(await readLabFile(dir)).toBeUndefined();
    // The second lab starts at once, without waiting until the parts of the killed one have ended.
    const second = launchLab();
    await second.ready;
    expect((await readLabFile(dir))!.addresses).toEqual(lab.addresses);
    expect(await stillRunning(ids)).toEqual([]);
    const fresh = recorded();
    second.child.kill("SIGKILL");
    await once(second.child, "exit");
    const gone = async () => (await stillRunning(fresh)).length === 0;
    await until(gone, { what: "the end of the parts of a killed lab", timeoutMs: 120_000, everyMs: 50 });
  });

  test("SIGTERM while it is starting: nothing is left running, exit 0", async () => {
    const { child, said } = launchLab();
    await until(async () => said().includes("PostgreSQL: "), { what: "PostgreSQL", timeoutMs: 120_000, everyMs: 5 });
    const ids = recorded();
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number];
    expect(code).toBe(0);
    expect(await stillRunning(ids)).toEqual([]);
    expect(readdirSync(path.join(dir, "run"))).toEqual([]);
  });

  test("is bent by nothing that a shell or a home says about proxies and other Temporal servers", async () => {
    const home = path.join(dir, "home");
    mkdirSync(path.join(home, ".config/temporalio"), { recursive: true });
    writeFileSync(path.join(home, ".config/temporalio/temporal.toml"), 'address = "not closed');
    const nobody = `http://127.0.0.1:${await freePort()}`;
    const proxies = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "grpc_proxy", "all_proxy"];
    const foreign = {
      HOME: home,
      NODE_USE_ENV_PROXY: "1",
      NO_PROXY: "intranet.example",
      ...Object.fromEntries(proxies.map((name) => [name, nobody])),
      TEMPORAL_PROFILE: "production",
      TEMPORAL_API_KEY: "secret",
      TEMPORAL_TLS: "true",
      TEMPORAL_GRPC_META_TEAM: "quants",
    };
    const { child, ready } = launchLab(foreign);
    await ready;
    const lab = (await readLabFile(dir))!;
    const port = new URL(`tcp://${lab.addresses.temporal}`).port;
    // The same server by another name is still the lab's own.
    for (const named of [{}, { TEMPORAL_ADDRESS: `localhost:${port}` }]) {
      expect(await doctor(lab, { ...foreign, ...named })).toEqual({ code: 0, sick: [] });
    }
    child.kill("SIGTERM");
    await once(child, "exit");
  });

  async function doctor(lab: LabFile, env = {}): Promise<{ code: number; sick: unknown[] }> {
    const child = spawn(path.join(ROOT, "bin/ktrdr-mcp"), ["doctor", "--json"], {
      env: { PATH: process.env["PATH"], LAB_DIR: lab.env["LAB_DIR"], ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    const [code] = (await once(child, "close")) as [number];
    const { findings } = JSON.parse(Buffer.concat(chunks).toString()) as Report;
    return { code, sick: findings.filter(({ severity }) => severity === "problem") };
  }
});
