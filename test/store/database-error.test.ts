import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chownSync, copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { ROOT } from "../../src/root.ts";
import { until } from "../../lab/until.ts";
import { toDomainError } from "../../src/store/database-error.ts";
import { migrate } from "../../src/store/migrate.ts";
import { createPool, run } from "../../src/store/pool.ts";
import { startTestPostgres, type TestServer } from "../support/postgres.ts";

const coded = (code: string, message: string) => Object.assign(new Error(message), { code });

describe("an error of PostgreSQL", () => {
  it.each([
    ["53100", 'could not extend file "base/1/2": No space left on device', "could not extend file"],
    ["58030", "could not write to file", "could not write"],
    ["25006", "cannot execute INSERT in a read-only transaction", "read-only"],
    ["26000", 'prepared statement "x" does not exist', "prepared statement"],
    ["P0001", "not on a Sunday", "not on a Sunday"],
    ["XX000", "Tenant or user not found", "Tenant or user not found"],
    ["XX001", "invalid page in block 3", "invalid page"],
    ["ZZ999", "something new\u0007\nover two lines", "something new over two lines"],
    ["0A000", "cached plan must not change result type", "cached plan"],
    ["25P03", "terminating connection due to idle-in-transaction timeout", "idle-in-transaction"],
    ["57P01", "terminating connection due to administrator command", "administrator command"],
    ["08P01", "no such database: other", "no such database"],
    ["08P01", "unsupported startup parameter: options", "ignore_startup_parameters"],
    ["53300", "remaining connection slots are reserved", "slots"],
    ["EACCES", "EACCES: permission denied, open 'x.crt'", "readable"],
    ["ENETDOWN", "connect ENETDOWN", "ENETDOWN"],
    ["CERT_HAS_EXPIRED", "certificate has expired", "expired"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "wrong version number", "TLS"],
    ["", "Connection terminated unexpectedly", "Connection terminated"],
  ])("%s is told in its own words, and is no defect of ours", (code, message, words) => {
    const told = toDomainError(coded(code, message));
    expect(told).toMatchObject({ code: "database_unavailable", retryable: true, next: expect.any(String) });
    expect(`${told.what} ${told.why} ${told.next}`).toContain(words);
    expect(told.why).toContain(code);
  });

  it.each(["42601", "42883", "23505", "23514", "22012", "22P02", "21000"])("%s is a defect of ours", (code) => {
    expect(toDomainError(coded(code, "x"))).toMatchObject({ code: "internal" });
  });
});

describe("DATABASE_URL", () => {
  it.each(["p/w", "p#w", "p?w", "12/34", "12#34", "12?34"])(
    "with %s in the password is told how to write it",
    (password) => {
      try {
        loadConfig({ DATABASE_URL: `postgresql://u:${password}@h/db` });
      } catch (error) {
        expect((error as { why: string }).why).toMatch(/DATABASE_URL/);
        expect((error as { why: string }).why).toMatch(/%2F/);
        expect((error as { why: string }).why).not.toContain(password);
        return;
      }
      expect.unreachable();
    },
  );

  it.each([
    "postgresql://u:p%2Fw@h/db",
    "postgresql://u:p@w@h/db",
    "postgres://h",
    "postgresql:///db?host=/var/run/postgresql",
    "postgresql://u:p@[::1]:5432/db?sslmode=require",
  ])("%s can be used", (url) => {
    expect(loadConfig({ DATABASE_URL: url }).DATABASE_URL).toBe(url);
  });
});

describe("a real server", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "ktrdr-mcp-tls-"));
  const data = () => path.join(server.dir, "data");
  let server: TestServer;
  let admin: pg.Client;
  let url: string;

  /** Makes a certificate for `db.example`, signed by a CA that nobody knows. */
  function certify(): void {
    const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: dir, stdio: "pipe" });
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=ca");
    openssl(
      "req",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-keyout",
      "server.key",
      "-out",
      "server.csr",
      "-subj",
      "/CN=db.example",
    );
    openssl(
      "x509",
      "-req",
      "-in",
      "server.csr",
      "-CA",
      "ca.crt",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-out",
      "server.crt",
    );
    const { uid, gid } = statSync(data());
    for (const file of ["ca.crt", "server.crt", "server.key"]) {
      copyFileSync(path.join(dir, file), path.join(data(), file));
      chownSync(path.join(data(), file), uid, gid);
      if (file === "server.key") execFileSync("chmod", ["600", path.join(data(), file)]);
    }
  }

  /** Replaces the lines by which PostgreSQL lets users in (pg_hba.conf). */
  async function letIn(...lines: string[]): Promise<void> {
    const all = [...lines, "host all postgres 127.0.0.1/32 trust"];
    writeFileSync(path.join(data(), "pg_hba.conf"), all.join("\n") + "\n");
    await reload();
    const there = async () => (await admin.query("select from pg_hba_file_rules")).rowCount === all.length;
    await until(there, { what: "the new rules", timeoutMs: 120_000 });
  }

  const reload = async () => void (await admin.query("select pg_reload_conf()"));

  async function refusal(parameters: string, user = "quant:secret") {
    const as = user === "postgres" ? url : url.replace(/postgres:[^@]*@/, `${user}@`);
    const address = `${as}${parameters}`;
    const pool = createPool(address, { max: 1 });
    try {
      // New settings hold for new connections a moment later.
      await run(pool, "select 1");
      return null;
    } catch (error) {
      const { code, what, why, next } = error as Record<string, string>;
      expect(code).toBe("database_unavailable");
      return `${what} ${why} ${next}`;
    } finally {
      await pool.end();
    }
  }

  beforeAll(async () => {
    server = await startTestPostgres();
    url = server.url("postgres");
    admin = new pg.Client({ connectionString: url });
    await admin.connect();
    certify();
    await admin.query("create role quant login password 'secret'");
    for (const set of [
      "ssl_cert_file = 'server.crt'",
      "ssl_key_file = 'server.key'",
      "ssl_ca_file = 'ca.crt'",
      "ssl = on",
    ])
      await admin.query(`alter system set ${set}`);
    await reload();
    const on = async () => (await refusal("?sslmode=no-verify", "postgres")) === null;
    await until(on, { what: "TLS", timeoutMs: 120_000 });
  });

  afterAll(async () => {
    await admin.end();
    await server.remove();
    rmSync(dir, { recursive: true });
  });

  it("says which parameter of TLS is missing", async () => {
    await letIn("hostssl all quant 127.0.0.1/32 scram-sha-256");
    expect(await refusal("")).toMatch(/over TLS only.*no encryption.*sslmode=require/);
    expect(await refusal("?sslmode=require")).toMatch(/signed the certificate.*sslrootcert=/);
    expect(await refusal(`?sslmode=verify-full&sslrootcert=${dir}/ca.crt`)).toMatch(/another name.*verify-ca/);
    expect(await refusal(`?uselibpqcompat=true&sslmode=verify-ca&sslrootcert=${dir}/ca.crt`)).toBeNull();
    expect(await refusal(`?sslmode=require&sslrootcert=${dir}/absent.crt`)).toMatch(/does not exist.*absent\.crt/);
    expect(await refusal("?sslmode=no-verify", "quant")).toMatch(/asks for a password/);
    expect(await refusal("?sslmode=no-verify", "quant:wrong")).toMatch(/password authentication failed.*%40/);
    expect(await refusal("?sslmode=no-verify", "nobody:x")).toMatch(/pg_hba\.conf/);
    await letIn("hostssl all quant 127.0.0.1/32 cert");
    expect(await refusal("?sslmode=no-verify")).toMatch(/client certificate.*sslcert=/);
    await letIn();
  });

  it("is told from one without TLS, and from a web server", async () => {
    await admin.query("alter system set ssl = off");
    await reload();
    const off = async () => (await refusal("?sslmode=require", "postgres")) !== null;
    await until(off, { what: "no TLS", timeoutMs: 120_000 });
    expect(await refusal("?sslmode=require", "postgres")).toMatch(/TLS is asked for, and the server has none.*sslmode/);
    const web = createServer((_, response) => response.end()).listen(0, "127.0.0.1");
    await new Promise((resolve) => web.once("listening", resolve));
    const { port } = web.address() as { port: number };
    const asked = createPool(`postgresql://x@127.0.0.1:${port}/x?sslmode=require`);
    await expect(run(asked, "select 1")).rejects.toMatchObject({ why: expect.stringContaining("does not speak") });
    await asked.end();
    web.close();
  });

  it("names the grant that is missing, in migrate as an operator types it", async () => {
    await letIn("host all quant 127.0.0.1/32 trust");
    const name = `d${randomUUID().replaceAll("-", "")}`;
    const as = (database: string) => server.url(database).replace(/postgres:[^@]*@/, "quant@");
    const typed = async (database: string) => {
      const env = { PATH: process.env["PATH"], DATABASE_URL: as(database), LOG_LEVEL: "silent" };
      return await execa(process.execPath, [`${ROOT}src/bin/migrate.ts`], { env, extendEnv: false, reject: false });
    };
    expect((await typed(name)).stderr).toMatch(/permission denied to create database[^]*alter role <user> createdb/);
    await admin.query(`create database ${name}`);
    expect((await typed(name)).stderr).toMatch(
      /permission denied for schema public[^]*grant usage, create on schema public/,
    );
    await migrate(server.url(name));
    expect((await typed(name)).stderr).toMatch(/permission denied for [^]*grant all on all tables/);
    const owner = new pg.Client({ connectionString: server.url(name) });
    await owner.connect();
    await owner.query("grant all on all tables in schema public to quant");
    await owner.query("delete from schema_migrations where name > '0003'; drop table batch_items");
    expect((await typed(name)).stderr).toMatch(/permission denied[^]*grant/);
    await owner.end();
  });

  it("refuses tables in a database that cannot hold every character", async () => {
    await admin.query("create database latin encoding 'LATIN1' locale 'C' template template0");
    await expect(migrate(server.url("latin"))).rejects.toMatchObject({
      code: "database_unavailable",
      what: expect.stringContaining("LATIN1"),
      next: expect.stringContaining("encoding 'UTF8'"),
    });
  });
});
