import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextStep } from "../../../src/domain/campaign/next-step.ts";
import { isFinished } from "../../../src/domain/campaign/orders.ts";
import { waitingSuggestions } from "../../../src/domain/campaign/proposals.ts";
import { FEWEST_POINTS, hoursOf, paceOf } from "../../../src/domain/campaign/reckoning.ts";
import { canonical, labelDimensions, nameOf, pointKey } from "../../../src/domain/campaign/space.ts";
import { budgetOf, STAGES, usedBy, usedUp, type CampaignState, type Plan } from "../../../src/domain/campaign/state.ts";
import { kindOf } from "../../../src/domain/kinds/index.ts";
import { campaigns } from "./random-campaigns.ts";
import { simulated, type Simulation } from "./simulated.ts";

/** A step is one run of a workflow, whose history may have 2,000 events; a job has about 12. */
const MOST_JOBS = 166;

const RUNS = 30;

/** Looks at every plan of many random campaigns. */
function always(seed: number, holds: (state: CampaignState, plan: Plan) => void): void {
  fc.assert(
    fc.property(campaigns, (simulation) => {
      simulated({ ...simulation, watch: holds });
    }),
    { numRuns: RUNS, seed },
  );
}

describe("every plan of a campaign", () => {
  test("stays within its budgets and the operator's limit", () => {
    always(1, (state, { runs, points }) => {
      const [budget, before] = [budgetOf(state), usedBy(state)];
      const planned = usedUp(state.request, runs);
      if (planned.trainings > 0) expect(before.trainings + planned.trainings).toBeLessThanOrEqual(budget.trainings);
      if (planned.trials > 0) expect(before.trials + planned.trials).toBeLessThanOrEqual(budget.trials);
      if (planned.trials > 0 && state.left !== null) expect(planned.trials).toBeLessThanOrEqual(state.left);
      if (runs.length === 0) return;
      if (budget.hours !== null) expect(before.hours + hoursOf(state, runs)).toBeLessThanOrEqual(budget.hours);
      if (budget.deadline !== null) expect(state.now.getTime()).toBeLessThan(Date.parse(budget.deadline));
      if ((budget.hours ?? budget.deadline) === null || paceOf(state).anEpoch > 0) return;
      // Nobody knows yet how long a training takes.
      expect(points.filter(({ refused }) => refused === null).length).toBeLessThanOrEqual(FEWEST_POINTS);
    });
  });

  test("has no point and no job twice, and numbers points in their order", () => {
    always(2, (state, plan) => {
      const points = [...state.points, ...plan.points];
      expect(points.map(({ n }) => n)).toEqual(points.map((_, at) => at));
      expect(new Set(points.map(({ values }) => pointKey(values))).size).toBe(points.length);
      const keys = [...state.runs, ...plan.runs].map(({ point, role, rung, draw }) => [point, role, rung, draw].join());
      expect(new Set(keys).size).toBe(keys.length);
    });
  });

  test("has complete jobs, of what ended before", () => {
    always(3, (state, { runs, points }) => {
      const ended = new Map(state.runs.map((run) => [run.jobId, run]));
      for (const { request, point } of runs) {
        kindOf(request.kind).request.parse(request);
        expect([...state.points, ...points][point]?.refused).toBeNull();
        if (request.kind !== "backtest" && request.kind !== "measurement") continue;
        const training = ended.get(request.trainingJobId ?? "");
        expect([training?.status, training?.point]).toEqual(["completed", point]);
        expect(request.modelPath).toBe(training?.figures?.modelPath);
        expect(request.strategySha256).toBe(
          training?.request.kind === "training" ? training.request.strategySha256 : null,
        );
        if (request.kind === "measurement") expect(ended.get(request.measures)?.status).toBe("completed");
      }
    });
  });

  test("comes in the order of its stages, is small enough for one run, and says why it ends", () => {
    always(4, ({ steps }, { stage, runs, stop }) => {
      const last = steps.at(-1)?.stage ?? "rung";
      expect(STAGES.indexOf(stage)).toBeGreaterThanOrEqual(STAGES.indexOf(last));
      if (stage === last) expect(["rung", "proof"]).toContain(stage);
      expect(runs.length).toBeLessThanOrEqual(MOST_JOBS);
      expect(runs.length === 0).toBe(stage === "over");
      if (["redraw", "first", "over"].includes(stage)) expect(stop?.says).toMatch(/^[A-Z0-9].+\.$/);
      else expect(stop).toBeNull();
    });
  });

  test("takes suggestions first, marks them, and begins no bracket after a finish", () => {
    always(5, (state, { points }) => {
      if (isFinished(state.orders)) expect(points).toEqual([]);
      const labels = labelDimensions(state.request.dimensions).map(nameOf);
      const settingOf = (values: CampaignState["points"][number]["values"]) =>
        canonical(labels.map((name) => values[name] ?? null));
      const waiting = waitingSuggestions(state).map((values) => ({
        key: pointKey(values),
        setting: settingOf(values),
      }));
      const [first] = points;
      if (first === undefined) return;
      expect(new Set(points.map(({ values }) => settingOf(values))).size).toBe(1);
      const due = [
        ...new Set(waiting.filter(({ setting }) => setting === settingOf(first.values)).map(({ key }) => key)),
      ];
      const marked = points.filter(({ origin }) => origin === "suggested").map(({ values }) => pointKey(values));
      expect(marked).toEqual(due.slice(0, marked.length));
      expect(points.slice(0, marked.length).every(({ origin }) => origin === "suggested")).toBe(true);
      if (marked.length < points.length) expect(marked).toHaveLength(due.length);
    });
  });
});

/** As PostgreSQL keeps it: equal values, keys in another order. */
function stored<T>(value: T): T {
  if (Array.isArray(value)) return value.map((one: unknown) => stored(one)) as T;
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  const entries = Object.entries(value).toReversed();
  return Object.fromEntries(entries.map(([key, one]) => [key, stored(one as unknown)])) as T;
}

test("a plan follows from the record, whatever the order of its keys", () => {
  const check = (simulation: Simulation) => {
    simulated({
      ...simulation,
      watch: (state, plan) => {
        const again = { ...state, ...stored({ points: state.points, runs: state.runs, orders: state.orders }) };
        expect(nextStep(again, simulation.judge ?? (() => null))).toEqual(plan);
      },
    });
  };
  fc.assert(fc.property(campaigns, check), { numRuns: RUNS / 2, seed: 6 });
});
