import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { kill, pid as ownPid } from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { postgresPart } from "../../lab/postgres-part.ts";
import { accountNamed, unprivilegedAccount } from "../../lab/postgres-account.ts";
import { startPostgres, type PostgresOptions, type PostgresServer } from "../../lab/postgres.ts";
import { freePort } from "../support/ports.ts";

let dir: string;
let port: number;
const servers: PostgresServer[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ktrdr-mcp-test-"));
  port = await freePort();
});

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  await rm(dir, { recursive: true, force: true });
});

async function start(options: Partial<PostgresOptions> = {}): Promise<PostgresServer> {
  const server = await startPostgres({ dir, port, fsync: false, ...options });
  servers.push(server);
  return server;
}

async function query(server: PostgresServer, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.url("postgres") });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

describe("the embedded PostgreSQL", () => {
  it.runIf(existsSync("/dev/full"))("goes on when the disk has no room for its log", async () => {
    const part = postgresPart({ dir, port, fsync: false });
    const signal = new AbortController().signal;
    const server = await part.start({ logFile: "/dev/full", signal, spawned: () => Promise.resolve() });
    await part.answers?.(signal, server.pid);
    await server.stop();
    expect(await server.exited).toEqual({ code: 0, signal: null });
  });

  it("keeps what was committed when it is killed, and stops when told to, twice if need be", async () => {
    const server = await start();
    await query(server, "create table kept (n int)");
    await query(server, "insert into kept values (42)");
    kill(server.pid, "SIGKILL");
    expect(await server.exited).toEqual({ code: null, signal: "SIGKILL" });
    const again = await start();
    expect(await query(again, "select n from kept")).toEqual([{ n: 42 }]);
    await again.stop();
    await again.stop();
    expect(await again.exited).toEqual({ code: 0, signal: null });
    expect(() => kill(again.pid, 0)).toThrow("ESRCH");
  });

  it("takes over from a server whose lab was killed", async () => {
    const module = fileURLToPath(new URL("../../lab/postgres.ts", import.meta.url));
    const script = `
      const { startPostgres } = await import(${JSON.stringify(module)});
      const server = await startPostgres(${JSON.stringify({ dir, port, fsync: false })});
      console.log(server.pid);`;
    const lab = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(createInterface({ input: lab.stdout }), "line")) as [string];
    lab.kill("SIGKILL");
    await once(lab, "exit");
    const orphan = Number(line);
    expect(kill(orphan, 0)).toBe(true);
    const server = await start();
    // The dead process may not be reaped yet (state Z), but it does not run any more.
    const { stdout } = await promisify(execFile)("ps", ["-o", "stat=", "-p", line]).catch(() => ({ stdout: "" }));
    expect(stdout).toMatch(/^(Z.*\n)?$/);
    expect(await query(server, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("is not misled by a lock file whose process id now belongs to somebody else", async () => {
    const server = await start();
    await server.stop();
    await writeFile(join(dir, "data", "postmaster.pid"), `${ownPid}\n/proc/self/cwd\n0\n${port}\n\n127.0.0.1\n`);
    expect(await query(await start(), "select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("starts over a creation that was cut short", async () => {
    await (await start()).stop();
    await rm(join(dir, "data"), { recursive: true });
    await mkdir(join(dir, "data.new", "base"), { recursive: true });
    expect(await query(await start(), "select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("says why when its port is taken, and never mistakes another server for itself", async () => {
    const listener = createServer((socket) => socket.destroy()).listen(port, "127.0.0.1");
    await once(listener, "listening");
    const refused = { code: "database_unavailable", why: expect.stringContaining("Address already in use") };
    await expect(start()).rejects.toMatchObject(refused);
    listener.close();
    await once(listener, "close");

    const first = await start();
    const elsewhere = await mkdtemp(join(tmpdir(), "ktrdr-mcp-test-"));
    await expect(start({ dir: elsewhere })).rejects.toMatchObject(refused);
    await rm(elsewhere, { recursive: true });
    expect(await query(first, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("lets in whoever has the password of its folder, and nobody else of this machine", async () => {
    const server = await start();
    const program = "copy (select 1) to program 'cat > /dev/null'";
    for (const login of ["postgres", "postgres:", "postgres:postgres", "postgres:wrong", `${userInfo().username}`]) {
      const client = new pg.Client({ connectionString: `postgresql://${login}@127.0.0.1:${port}/postgres` });
      await expect(client.connect().then(() => client.query(program))).rejects.toThrow(/password|authentication/);
    }
    expect(await query(server, program)).toEqual([]);
    const { mode } = await stat(join(dir, "password"));
    expect(mode & 0o077).toBe(0);
    // Everybody can read what is on a command line or in a log.
    const { stdout } = await promisify(execFile)("ps", ["-o", "args=", "-p", String(server.pid)]);
    expect(stdout).not.toContain(await readFile(join(dir, "password"), "utf8"));
  });

  it("closes a cluster of before, which let everybody in, and keeps what is in it", async () => {
    const before = await start();
    await query(before, "create table kept (n int)");
    await query(before, "insert into kept values (42)");
    await before.stop();
    // Clusters were made like this before.
    await writeFile(join(dir, "data", "pg_hba.conf"), "host all all 127.0.0.1/32 trust\n");
    // Those had no password. A cluster without its password file is given a new one.
    await rm(join(dir, "password"));
    const after = await start();
    expect(await query(after, "select n from kept")).toEqual([{ n: 42 }]);
    const anybody = new pg.Client({ connectionString: `postgresql://postgres@127.0.0.1:${port}/postgres` });
    await expect(anybody.connect()).rejects.toThrow(/password/);
  });

  it("never runs as root and listens on this machine only", async () => {
    const server = await start({ fsync: true });
    const { stdout } = await promisify(execFile)("ps", ["-o", "uid=", "-p", String(server.pid)]);
    const account = await unprivilegedAccount(join(dir, "data"));
    expect(Number(stdout)).toBe(account?.uid ?? userInfo().uid);
    expect(Number(stdout)).not.toBe(0);
    expect(await query(server, "show listen_addresses")).toEqual([{ listen_addresses: "127.0.0.1" }]);
    expect(await query(server, "show fsync")).toEqual([{ fsync: "on" }]);
  });
});

describe("accountNamed", () => {
  const passwd = "root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\n# note\nnobody:x:65534:65533::/:\nodd:x:a:b\n";
  it("finds accounts by name, but never root", () => {
    expect(accountNamed(passwd, "nobody")).toEqual({ uid: 65_534, gid: 65_533 });
    expect(accountNamed(passwd, "toor")).toBeUndefined();
    expect(accountNamed(passwd, "odd")).toBeUndefined();
    expect(accountNamed(passwd, "postgres")).toBeUndefined();
  });
});
