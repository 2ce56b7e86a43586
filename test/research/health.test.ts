/** Each part has one definition of "up": a tool and a monitor of the server get the same answer. */
import pino from "pino";
import { describe, expect, test, vi } from "vitest";
import { DomainError } from "../../src/domain/errors.ts";
import { createReadiness } from "../../src/http/readiness.ts";
import { ANSWER_WITHIN_MS, look, partsUp } from "../../src/research/health.ts";
import type { Deps } from "../../src/research/ports.ts";

const log = pino({ enabled: false });
const away = new DomainError("database_unavailable", {
  what: "PostgreSQL has no room.",
  why: "Full.",
  next: "Make room.",
});

const deps = (polls: boolean) =>
  ({
    jobs: { ping: () => Promise.resolve(), workersPolling: () => Promise.resolve(polls) },
    records: { ping: () => Promise.reject(away) },
    ktrdr: { health: () => Promise.reject(new TypeError("odd")) },
  }) as unknown as Deps;

describe("the parts of a job", () => {
  test("are each up, or down with the reason", async () => {
    const { temporal, worker, postgresql, ktrdr } = await partsUp(deps(false), log);
    expect(temporal).toEqual({ up: true, answer: undefined });
    expect(worker).toMatchObject({ up: false, detail: expect.stringContaining("no worker process of ours") });
    expect(postgresql).toEqual({ up: false, detail: "PostgreSQL has no room. Full.", mending: "Make room." });
    expect(ktrdr).toMatchObject({ up: false, detail: expect.stringContaining("log says why") });
    expect((await partsUp(deps(true), log)).worker.up).toBe(true);
  });

  test("are ready by the same words", async () => {
    const ready = createReadiness(() => Promise.resolve(deps(false)), log);
    expect(await ready()).toEqual({
      ready: false,
      parts: { temporal: "up", worker: "down", postgresql: "down", ktrdr: "down" },
      missing: ["postgresql", "ktrdr", "worker"],
    });
  });

  test("a part that does not answer in time is down", async () => {
    vi.useFakeTimers();
    try {
      const looked = look("ktrdr", new Promise(() => undefined), log);
      await vi.advanceTimersByTimeAsync(ANSWER_WITHIN_MS);
      expect(await looked).toMatchObject({ up: false, detail: expect.stringContaining("in time") });
    } finally {
      vi.useRealTimers();
    }
  });
});
