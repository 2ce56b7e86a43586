import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../src/activities/clock.ts";

const ABORTED = new DOMException("The operation was aborted.", "AbortError");

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** A clock that jumps to the next sleeper's time as soon as all others wait, so that days pass in milliseconds. */
export class SimulatedClock implements Clock {
  private time = Date.parse("2026-01-01T00:00:00Z");
  private readonly begun = this.time;
  private sleepers: Sleeper[] = [];
  private readonly pauses: { readonly from: number; readonly to: number }[] = [];

  now(): number {
    return this.time;
  }

  monotonic(): number {
    return this.elapsed();
  }

  /** Milliseconds since this clock was made. */
  elapsed(): number {
    return this.time - this.begun;
  }

  /** Our process is stopped (SIGSTOP, a suspended laptop). Whoever would wake in that time wakes at its end. */
  pause(from: number, forMs: number): void {
    this.pauses.push({ from: this.begun + from, to: this.begun + from + forMs });
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper = { at: this.awake(this.time + ms), wake: resolve };
    const place = this.sleepers.findLastIndex(({ at }) => at <= sleeper.at);
    this.sleepers.splice(place + 1, 0, sleeper);
    const giveUp = (): void => {
      this.sleepers = this.sleepers.filter((one) => one !== sleeper);
      reject(ABORTED);
    };
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      await promise;
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
  }

  /** Lets time pass until the work is done. @throws Error when it is not within `limitMs` of simulated time. */
  async run<T>(work: Promise<T>, limitMs: number): Promise<T> {
    const limit = this.time + limitMs;
    let settled = false;
    void work.catch(() => undefined).finally(() => (settled = true));
    for (;;) {
      await setImmediate();
      if (settled) return await work;
      const next = this.sleepers.shift();
      if (next === undefined) throw new Error("Everybody waits and nothing can happen any more.");
      if (next.at > limit) throw new Error(`Not done within ${limitMs / 60_000} simulated minutes.`);
      this.time = Math.max(this.time, next.at);
      next.wake();
    }
  }

  private awake(at: number): number {
    const pause = this.pauses.find(({ from, to }) => from <= at && at < to);
    return pause === undefined ? at : this.awake(pause.to);
  }
}
