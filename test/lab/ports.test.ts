import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lockLab } from "../../lab/lab-lock.ts";
import { readLabFile, writeLabFile } from "../../src/running-lab/lab-file.ts";
import { labEnvironment } from "../../src/running-lab/lab-environment.ts";
import { holderOf } from "../../src/machine/port-holder.ts";
import { choosePorts } from "../../lab/ports.ts";
import { freePort, isFree } from "../../src/machine/free-port.ts";
import { startOf } from "../../src/machine/process-identity.ts";
import { ANY_PORTS } from "../support/ports.ts";

let dir: string;
let servers: Server[];
let children: ChildProcess[];
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "ports-"));
  servers = [];
  children = [];
});
afterEach(async () => {
  for (const child of children) {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  rmSync(dir, { recursive: true, force: true });
});

async function listen(port: number, host: string): Promise<number> {
  const server = createServer();
  servers.push(server);
  server.listen(port, host);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function processOnPort(): Promise<{ pid: number; port: number }> {
  const script = `const s = require("net").createServer().listen(0, "127.0.0.1", () => console.log(s.address().port))`;
  const child = spawn(process.execPath, ["-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [line] = (await once(child.stdout!, "data")) as [Buffer];
  return { pid: child.pid!, port: Number(line.toString()) };
}

describe("ports", () => {
  test("a taken port is named with its holder, and a free one is used", async () => {
    const { pid, port } = await processOnPort();
    const notes: string[] = [];
    const onNote = (note: string) => notes.push(note);
    const chosen = await choosePorts({ dir, names: ["postgres"], preferred: { ...ANY_PORTS, postgres: port }, onNote });
    expect(chosen.postgres).not.toBe(port);
    expect(await isFree(chosen.postgres)).toBe(true);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain(`Port ${port} (postgres) is held by pid ${pid} (`);
    expect(notes[0]).toContain(".createServer()");
    expect(notes[0]).toContain(`using ${chosen.postgres} instead`);
  });

  test("the choice is remembered, so that addresses stay the same", async () => {
    const names = ["postgres", "temporal", "ktrdr"] as const;
    const first = await choosePorts({ dir, names, preferred: ANY_PORTS, onNote: () => undefined });
    expect(new Set(names.map((name) => first[name])).size).toBe(3);
    const second = await choosePorts({ dir, names, preferred: { ...ANY_PORTS, ktrdr: 8000 }, onNote: () => undefined });
    expect(second).toEqual(first);
  });

  test("a port comes from where no outgoing connection takes one", async () => {
    const ports = await Promise.all(Array.from({ length: 50 }, async () => await freePort()));
    for (const port of ports) expect(port).toBeLessThan(32_768);
    for (const port of ports) expect(port).toBeGreaterThanOrEqual(10_240);
  });

  test("two parts never get the same port", async () => {
    const port = await freePort();
    const preferred = { ...ANY_PORTS, postgres: port, temporal: port };
    const notes: string[] = [];
    const chosen = await choosePorts({
      dir,
      names: ["postgres", "temporal"],
      preferred,
      onNote: (note) => notes.push(note),
    });
    expect(chosen.postgres).toBe(port);
    expect(chosen.temporal).not.toBe(port);
    expect(notes[0]).toContain("another part of this lab");
  });

  test("ports of parts that are not started are not looked at", async () => {
    const port = await listen(0, "127.0.0.1");
    const notes: string[] = [];
    const preferred = { ...ANY_PORTS, ktrdr: port };
    await choosePorts({ dir, names: ["postgres"], preferred, onNote: (note) => notes.push(note) });
    expect(notes).toEqual([]);
  });

  test("a spoilt memory is forgotten", async () => {
    writeFileSync(path.join(dir, "ports.json"), `{"postgres": "many"`);
    const chosen = await choosePorts({ dir, names: ["postgres"], preferred: ANY_PORTS, onNote: () => undefined });
    expect(JSON.parse(readFileSync(path.join(dir, "ports.json"), "utf8"))).toEqual(chosen);
  });

  test("a port that somebody holds on all addresses is not free", async () => {
    const port = await listen(0, "0.0.0.0");
    expect(await isFree(port)).toBe(false);
    expect(await holderOf(port)).toContain(`pid ${process.pid} (`);
  });
});

describe("one lab per folder", () => {
  test("the second is told who holds it, and may have it afterwards", async () => {
    const unlock = await lockLab(dir, process.pid);
    await expect(lockLab(dir, process.pid)).rejects.toMatchObject({
      code: "task_conflict",
      what: `A lab is already running in ${dir}: process ${process.pid}.`,
      next: expect.stringContaining("LAB_DIR="),
    });
    unlock();
    const again = await lockLab(dir, process.pid);
    again();
  });

  test("the lock of a killed lab is taken over, by one only", async () => {
    const module = new URL("../../lab/lab-lock.ts", import.meta.url).href;
    const script = `const { lockLab } = await import(${JSON.stringify(module)});
      await lockLab(${JSON.stringify(dir)}, process.pid); console.log("locked"); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    await once(child.stdout, "data");
    await expect(lockLab(dir, process.pid)).rejects.toMatchObject({
      what: expect.stringContaining(`process ${child.pid}.`),
    });

    child.kill("SIGKILL");
    await once(child, "exit");
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => lockLab(dir, process.pid)));
    const locks = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    for (const unlock of locks) unlock();
    expect(locks).toHaveLength(1);
  });

  test("the lab file counts only while its lab runs", async () => {
    const started = (await startOf(process.pid))!;
    const addresses = { ktrdr: "http://k", database: "postgresql://d", temporal: "t:1" };
    const env = { DATABASE_URL: "postgresql://d", KTRDR_API_URL: "http://k" };
    await writeLabFile(dir, { pid: process.pid, started, addresses, env });
    expect(await readLabFile(dir)).toEqual({ pid: process.pid, started, addresses, env });
    expect(await labEnvironment({ LAB_DIR: dir, KTRDR_API_URL: "http://mine", DATABASE_URL: "" })).toEqual({
      LAB_DIR: dir,
      KTRDR_API_URL: "http://mine",
      DATABASE_URL: "postgresql://d",
    });
    await writeLabFile(dir, { pid: process.pid, started: "earlier", addresses, env });
    expect(await readLabFile(dir)).toBeUndefined();
    expect(await labEnvironment({ LAB_DIR: dir })).toEqual({ LAB_DIR: dir });
  });
});
