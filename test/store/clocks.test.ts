import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ROOT } from "../../src/root.ts";
import { until } from "../../lab/until.ts";
import { followDatabase, offClocks } from "../../src/store/clocks.ts";
import { createPool, run, type Pool } from "../../src/store/pool.ts";
import { freePort } from "../support/ports.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool(database.url);
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

const TEN_MINUTES = 600_000;

it("a process whose clock is ten minutes off says so, and takes the database's time", async () => {
  let aheadMs = 0;
  const told: number[] = [];
  const process = "7@elsewhere";
  const now = () => Date.now() + aheadMs;
  const clock = followDatabase({ pool, process, now, onChange: (seconds) => void told.push(Math.round(seconds)) });
  await clock.look();
  expect([told, await offClocks(pool)]).toEqual([[], []]);
  for (const off of [TEN_MINUTES, -TEN_MINUTES]) {
    aheadMs = off;
    await clock.look();
    await clock.look();
    const [row, ...more] = await offClocks(pool);
    expect(more).toEqual([]);
    expect(row?.process).toBe(process);
    // The part of the difference that the way of the answer may explain does not count.
    expect(Math.abs((row?.offsetSeconds ?? 0) - off / 1_000)).toBeLessThan(60);
    // The clock is nearer to the database's time than to the time that this process was given.
    const [toTheirs, toOwn] = [Date.now(), now()].map((time) => Math.abs(clock.now() - time));
    expect((toTheirs ?? 0) < (toOwn ?? 0)).toBe(true);
  }
  aheadMs = 0;
  await clock.look();
  expect(await run(pool, "select * from clocks")).toEqual([]);
  expect(told.map(Math.sign)).toEqual([1, -1, 0]);
});

/** A module that sets Node's clock back before anything else runs. */
const SET_BACK = `data:text/javascript,const real = Date.now; Date.now = () => real() - ${TEN_MINUTES};`;

it("a worker whose clock was set back is found before it does anything, also without Temporal", async () => {
  const worker = execa(process.execPath, ["--import", SET_BACK, path.join(ROOT, "src/bin/worker.ts")], {
    env: {
      PATH: process.env["PATH"],
      LAB_DIR: path.join(tmpdir(), "no-lab"),
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}`,
    },
    extendEnv: false,
    reject: false,
    all: true,
  });
  let said = "";
  worker.all.on("data", (piece: Buffer) => (said += piece.toString()));
  try {
    const seen = async () => (await offClocks(pool)).length > 0;
    await until(seen, { what: "a word of the worker about its clock", timeoutMs: 150_000 });
    const [off] = await offClocks(pool);
    expect(off?.process).toMatch(new RegExp(`^${worker.pid}@`));
    expect(off?.offsetSeconds).toBeLessThan(-500);
    // The worker goes on trying to reach Temporal, and says so.
    const told = async () => said.includes("Nothing listens at its address");
    await until(told, { what: "a word of the worker about Temporal", timeoutMs: 150_000 });
  } finally {
    worker.kill("SIGKILL");
    await worker;
  }
  expect((await worker).all).toContain("the clock of this machine is off");
  await run(pool, "delete from clocks");
});

it("a process that ended while it was off is not told for long", async () => {
  await run(pool, "insert into clocks values ('8@gone', 600, now() - interval '10 minutes')");
  expect(await offClocks(pool)).toEqual([]);
});
