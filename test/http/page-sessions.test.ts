import { describe, expect, test } from "vitest";
import { DomainError } from "../../src/domain/errors.ts";
import type { PageSession } from "../../src/domain/page-session.ts";
import { CannotTell, createPageSessions, type PageAccess } from "../../src/http/page-sessions.ts";

const ADA: PageSession = { name: "ada", scope: "read", approves: false, secondsLeft: 600 };
const away = async (): Promise<never> => {
  throw new DomainError("database_unavailable", { what: "The database does not answer." });
};

/** A store whose answer and clock the test moves. */
function kept() {
  const state = {
    now: 0,
    asked: 0,
    find: async (): Promise<PageSession | null> => ADA,
  };
  const store: PageAccess = {
    enter: async () => null,
    find: async () => {
      state.asked += 1;
      return await state.find();
    },
  };
  const sessions = createPageSessions(
    async () => store,
    () => state.now,
  );
  return { state, ask: async (secret = "s", secure = true) => await sessions.find(secret, secure) };
}

describe("a session that was found", () => {
  test("is not asked about again for a minute", async () => {
    const { state, ask } = kept();
    for (const now of [0, 1, 59_999]) {
      state.now = now;
      expect(await ask()).toEqual(ADA);
    }
    expect(state.asked).toBe(1);
    state.now = 60_000;
    await ask();
    expect(state.asked).toBe(2);
  });

  test("and was revoked is out after a minute at most", async () => {
    const { state, ask } = kept();
    await ask();
    state.find = async () => null;
    state.now = 60_000;
    expect(await ask()).toBeNull();
  });

  test("reads on while the database is away, until its end, and the database is asked now and then", async () => {
    const { state, ask } = kept();
    await ask();
    state.find = away;
    const askedAt: number[] = [];
    for (state.now = 60_000; state.now < 599_000; state.now += 1_000) {
      const before = state.asked;
      expect(await ask()).toEqual(ADA);
      if (state.asked > before) askedAt.push(state.now);
    }
    expect(askedAt.slice(0, 3)).toEqual([60_000, 65_000, 70_000]);
    state.now = 600_000;
    await expect(ask()).rejects.toThrow(CannotTell);
  });

  test("and was revoked while the database was away is out soon after it is back", async () => {
    const { state, ask } = kept();
    await ask();
    state.find = away;
    state.now = 60_000;
    await ask();
    state.find = async () => null;
    state.now = 65_000;
    expect(await ask()).toBeNull();
    state.find = away;
    await expect(ask()).rejects.toThrow(CannotTell);
  });

  test("reads on when the database does not answer at all", async () => {
    const { state, ask } = kept();
    await ask();
    state.find = async () => await new Promise<never>(() => undefined);
    state.now = 60_000;
    expect(await ask()).toEqual(ADA);
  });

  test("says nothing of another secret, or of the same under the other name", async () => {
    const { state, ask } = kept();
    await ask();
    state.find = away;
    await expect(ask("t")).rejects.toThrow(CannotTell);
    await expect(ask("s", false)).rejects.toThrow(CannotTell);
  });
});

test("an unknown session is asked about each time", async () => {
  const { state, ask } = kept();
  state.find = async () => null;
  expect([await ask(), await ask()]).toEqual([null, null]);
  expect(state.asked).toBe(2);
});

test("a fault of ours is no outage", async () => {
  const { state, ask } = kept();
  await ask();
  state.find = async () => {
    throw new DomainError("internal", { what: "A statement is wrong." });
  };
  state.now = 60_000;
  await expect(ask()).rejects.toThrow("A statement is wrong.");
});

test("of ten thousand strangers at once only few ask the database, and the others are told to come back", async () => {
  const { state, ask } = kept();
  let release = () => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  let atOnce = 0;
  let most = 0;
  state.find = async () => {
    most = Math.max(most, (atOnce += 1));
    await gate;
    atOnce -= 1;
    return null;
  };
  const answers = Array.from({ length: 10_000 }, (_, n) => ask(`stranger ${n}`).catch((error: unknown) => error));
  await expect.poll(() => atOnce).toBe(4);
  release();
  const settled = await Promise.all(answers);
  expect(most).toBe(4);
  expect(settled.filter((answer) => answer === null)).toHaveLength(104);
  expect(settled.filter((answer) => answer instanceof CannotTell)).toHaveLength(10_000 - 104);
});
