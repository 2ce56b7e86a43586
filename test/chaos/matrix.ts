/** Every death at every step of a job, and every fault of KTRDR. In full, or in few runs that still have every pair. */
import type { Planned } from "./crew.ts";
import type { Attack, KtrdrFault, Part, Scenario, Step, Strike } from "./scenario.ts";

export type MatrixKind = Extract<Scenario["kind"], "training" | "backtest">;

export const KINDS: readonly MatrixKind[] = ["training", "backtest"];

/** What dies: a part by SIGKILL (`own`: KTRDR's worker of the kind), or our worker by SIGTERM (`deploy`). */
export const VICTIMS = ["worker", "mcp", "ktrdr-api", "deploy", "postgres", "temporal", "own"] as const;
export type Victim = (typeof VICTIMS)[number];

/** The steps, in the order of a job's life. */
export const STEPS = ["admission", "posted", "running", "ending", "recording"] as const satisfies readonly Step[];
export const ALL_STEPS = [...STEPS, "cancelling"] as const satisfies readonly Step[];

/** The computing is held, so that a strike or a cancellation at "running" finds the job still computing. */
const scenarioOf = (
  kind: MatrixKind,
  strikes: readonly Strike[],
  { cancelled = false, held = true }: { readonly cancelled?: boolean; readonly held?: boolean } = {},
): Scenario => ({
  kind,
  behind: false,
  cancelAt: cancelled ? "running" : null,
  strikes,
  followUp: false,
  ...(held ? { holdUntil: cancelled ? "recording" : "running" } : {}),
});

function deathOf(victim: Victim, kind: MatrixKind): Attack {
  if (victim === "deploy") return { do: "deploy" };
  const own: Part = kind === "training" ? "ktrdr-training" : "ktrdr-backtesting";
  return { do: "kill", part: victim === "own" ? own : victim };
}

const striking = (victim: Victim, kind: MatrixKind, at: Step): Strike => ({
  at,
  attack: deathOf(victim, kind),
  forMs: 0,
});

/** One death at one step. */
export function deathAt(kind: MatrixKind, victim: Victim, step: Step): Scenario {
  return scenarioOf(kind, [striking(victim, kind, step)], { cancelled: step === "cancelling" });
}

/**
 * So few runs that every pair of victim and step is in one: a Latin square, several deaths in each run. Both kinds meet
 * every victim and every step.
 */
export function pairwise(): Scenario[] {
  const kindOf = (row: number): MatrixKind => (row % 2 === 0 ? "training" : "backtest");
  const victimAt = (place: number): Victim => VICTIMS[place % VICTIMS.length] ?? "worker";
  const lives = VICTIMS.map((_, row) => {
    const kind = kindOf(row);
    const strikes = STEPS.map((step, column) => striking(victimAt(row + column), kind, step));
    return scenarioOf(kind, strikes);
  });
  const cancellations = VICTIMS.map((victim, row) => deathAt(kindOf(row), victim, "cancelling"));
  return [...lives, ...cancellations];
}

/** Faults that last for a while. They strike one after the other, at the steps of one job. */
const PASSING: readonly (readonly [Step, KtrdrFault])[] = [
  ["before_call", { fault: "slow", delayMs: 600 }],
  ["admission", { fault: "http_503" }],
  ["before_post", { fault: "http_500" }],
  ["computing", { fault: "reset" }],
  ["running", { fault: "http_400_outage" }],
  ["ending", { fault: "hang" }],
];

/** Faults that last. Each strikes a job of its own. */
const LASTING: Readonly<Record<string, { readonly strike: KtrdrFault; readonly cancel?: true }>> = {
  "404 after the start": { strike: { fault: "lost_operation", times: 1 } },
  "completed turned failed": { strike: { fault: "completed_turned_failed", times: 1 } },
  "frozen progress": { strike: { fault: "frozen_progress", times: 1 } },
  "eternal resuming": { strike: { fault: "stuck_resuming", times: 1 } },
  "remote_cancelled:false": { strike: { fault: "cancel_not_forwarded" }, cancel: true },
};

const VARIANTS = ["huge", "nan", "wrong_types", "html"] as const;
const POISONED_AT = ["admission", "posted", "running", "ending"] as const satisfies readonly Step[];

/** KTRDR's faults as named scenarios, for one kind. */
export function faultsOf(kind: MatrixKind): { readonly name: string; readonly scenario: Scenario }[] {
  const passing = PASSING.map(([at, fault]): Strike => ({ at, attack: { do: "ktrdr", fault }, forMs: 900 }));
  const poison = VARIANTS.map((variant, place): Strike => {
    const fault: KtrdrFault = { fault: "garbage_answer", variant, bytes: 50_000_000 };
    return { at: POISONED_AT[place] ?? "running", attack: { do: "ktrdr", fault }, forMs: 700 };
  });
  const foreign: Strike = { at: "before_post", attack: { do: "foreign" }, forMs: 0 };
  return [
    {
      name: "slow, 503, 500, resetting, 400 and hanging for a while",
      scenario: scenarioOf(kind, passing),
    },
    { name: "poison answers (50 MB, NaN, wrong types, HTML)", scenario: scenarioOf(kind, poison) },
    { name: "two in one worker", scenario: scenarioOf(kind, [foreign], { held: false }) },
    ...Object.entries(LASTING).map(([name, { strike, cancel }]) => {
      const fault = { ...strike, kind: kind === "backtest" ? "backtesting" : "training" };
      const strikes: Strike[] = [{ at: "before_call", attack: { do: "ktrdr", fault }, forMs: 0 }];
      return { name, scenario: scenarioOf(kind, strikes, { cancelled: cancel === true, held: cancel === true }) };
    }),
  ];
}

/** One cell of the whole matrix. */
export interface Cell extends Planned {
  readonly row: string;
  readonly column: string;
}

const cell = (row: string, column: string, scenario: Scenario): Cell => {
  const again = `make chaos SCENARIO='${JSON.stringify(scenario)}'`;
  return { row, column, name: `${row} / ${column}`, again, scenario };
};

/** The part that every `make test` runs. */
export function inTests(): Cell[] {
  const deaths = pairwise().map((scenario) => {
    const names = scenario.strikes.map(({ at, attack }) => `${"part" in attack ? attack.part : attack.do} at ${at}`);
    return cell(`${scenario.kind}: ${names.join(", ")}`, "pairs", scenario);
  });
  const faults = KINDS.flatMap((kind) =>
    faultsOf(kind).map(({ name, scenario }) => cell(`${kind}: KTRDR ${name}`, "throughout", scenario)),
  );
  return [...deaths, ...faults];
}

/** The disk is full for a while. This needs a machine that lets us mount a file system. */
const fullDiskAt = (kind: MatrixKind, at: Step): Scenario =>
  scenarioOf(kind, [{ at, attack: { do: "full_disk" }, forMs: 3_000 }], { cancelled: at === "cancelling" });

/** Every combination in a run by itself. */
export function wholeMatrix(): Cell[] {
  return KINDS.flatMap((kind) => [
    ...VICTIMS.flatMap((victim) => {
      const row = `${kind}: ${victim === "deploy" ? "worker, SIGTERM" : `${victim}, SIGKILL`}`;
      return ALL_STEPS.map((step) => cell(row, step, deathAt(kind, victim, step)));
    }),
    ...ALL_STEPS.map((step) => cell(`${kind}: full disk`, step, fullDiskAt(kind, step))),
    ...faultsOf(kind).map(({ name, scenario }) => cell(`${kind}: KTRDR ${name}`, "throughout", scenario)),
  ]);
}
