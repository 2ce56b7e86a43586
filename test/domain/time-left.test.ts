import { describe, expect, test } from "vitest";
import { secondsLeft, type SeenPiece, type Stage, type Work } from "../../src/domain/time-left.ts";

const randomNumbers = (seed: number) => {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
};

interface Night {
  readonly work: Work;
  readonly workers: Readonly<Record<Stage, number>>;
  /** Seconds between an end and the next start on the same worker. */
  readonly lag: number;
  readonly takes: (n: number, stage: Stage) => number;
}

/** Runs a batch second by second, as lanes and workers would. Keeps what can be seen of it at any time. */
function run({ work, workers, lag, takes }: Night) {
  const pieces: { n: number; stage: Stage; noted: number; begun: number | null; ended: number | null }[] = [];
  const free = { training: workers.training, backtest: workers.backtest };
  const rest: { stage: Stage; until: number }[] = [];
  let [next, open, now] = [0, 0, 0];
  for (; next < work.items || open > 0; now += 1) {
    for (const piece of pieces.filter((one) => one.ended === null && one.begun !== null)) {
      if (now - (piece.begun ?? 0) < takes(piece.n, piece.stage)) continue;
      piece.ended = now;
      rest.push({ stage: piece.stage, until: now + lag });
      const following = work.stages[work.stages.indexOf(piece.stage) + 1];
      if (following === undefined) open -= 1;
      else pieces.push({ n: piece.n, stage: following, noted: now, begun: null, ended: null });
    }
    for (const one of rest.filter(({ until }) => until === now)) free[one.stage] += 1;
    for (; open < work.atOnce && next < work.items; next += 1, open += 1) {
      pieces.push({ n: next, stage: work.stages[0] ?? "training", noted: now, begun: null, ended: null });
    }
    for (const piece of pieces.filter((one) => one.begun === null && free[one.stage] > 0)) {
      if (free[piece.stage] === 0) continue;
      free[piece.stage] -= 1;
      piece.begun = now;
    }
  }
  const seenAt = (at: number): SeenPiece[] =>
    pieces
      .filter(({ noted }) => noted <= at)
      .map(({ n, stage, begun, ended }) => ({
        n,
        stage,
        reused: false,
        begun: begun !== null && begun <= at ? begun : null,
        ended: ended !== null && ended <= at ? ended : null,
        status: ended !== null && ended <= at ? "completed" : "open",
      }));
  const last = work.stages.at(-1);
  const tenth = pieces
    .filter(({ stage }) => stage === last)
    .map(({ ended }) => ended ?? 0)
    .toSorted((a, b) => a - b)[Math.ceil(work.items / 10) - 1];
  return { total: now, tenth: tenth ?? 0, seenAt };
}

const BOTH: readonly Stage[] = ["training", "backtest"];

describe("the time that is left", () => {
  test.each<[string, Partial<Work>, Night["workers"], number]>([
    ["trainings with a backtest each on two workers and one", {}, { training: 2, backtest: 1 }, 5],
    ["more lanes than workers", { atOnce: 12 }, { training: 2, backtest: 1 }, 9],
    ["more workers than lanes", { atOnce: 2 }, { training: 6, backtest: 2 }, 5],
    ["backtests only", { stages: ["backtest"], items: 100 }, { training: 1, backtest: 3 }, 2],
    ["a set", { stages: ["training"], items: 10, atOnce: 10 }, { training: 2, backtest: 1 }, 6],
    ["one at a time", { items: 10, atOnce: 1 }, { training: 1, backtest: 1 }, 4],
  ])("of %s is known within 30 %% after the first tenth", (_name, more, workers, lag) => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const random = randomNumbers(seed);
      // Each strategy takes a time of its own. Its draws differ a little from each other.
      const lengths = Array.from({ length: 200 }, () => 60 * (0.8 + 0.4 * random()));
      const work: Work = { items: 40, stages: BOTH, atOnce: 4, kindOf: (n) => String(Math.floor(n / 4)), ...more };
      const takes = (n: number, stage: Stage) =>
        (stage === "backtest" ? 0.1 : 1) * (lengths[Math.floor(n / 4)] ?? 60) + ((n * 7) % 5);
      const night = run({ work, workers, lag, takes });
      for (const at of [night.tenth, Math.round((night.tenth + night.total) / 2)]) {
        const left = night.total - at;
        const said = secondsLeft(work, night.seenAt(at), at);
        expect(said, `seed ${seed} at ${at} of ${night.total}`).toBeGreaterThan(left * 0.7);
        expect(said, `seed ${seed} at ${at} of ${night.total}`).toBeLessThan(left * 1.3);
      }
    }
  });

  test("is not known before anything has ended, nor by what others computed", () => {
    const work: Work = { items: 3, stages: ["training"], atOnce: 1, kindOf: () => "" };
    const piece = { n: 0, stage: "training", status: "open", begun: 0, ended: null, reused: false } as const;
    expect(secondsLeft(work, [], 10)).toBeNull();
    expect(secondsLeft(work, [piece], 10)).toBeNull();
    expect(secondsLeft(work, [{ ...piece, status: "completed", ended: 5, reused: true }], 10)).toBeNull();
    expect(secondsLeft(work, [{ ...piece, status: "completed", ended: 5 }], 10)).toBe(10);
  });

  test("does not count on items that failed, and counts the others", () => {
    const work: Work = { items: 3, stages: BOTH, atOnce: 1, kindOf: () => "" };
    const done = { n: 0, begun: 0, ended: 10, reused: false, status: "completed" } as const;
    const seen: SeenPiece[] = [
      { ...done, stage: "training" },
      { ...done, stage: "backtest", begun: 10, ended: 12 },
      { ...done, n: 1, stage: "training", status: "failed", begun: 12, ended: 14 },
    ];
    expect(secondsLeft(work, seen, 14)).toBeGreaterThanOrEqual(8);
    expect(secondsLeft(work, [...seen, { ...done, n: 2, stage: "training", status: "cancelled" }], 14)).toBe(0);
  });
});
