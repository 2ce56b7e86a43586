import type { FaultName } from "../../sandbox/faults.ts";
import type { WireMode } from "../support/proxy.ts";
import { Random } from "./random.ts";

export type Kind = "training" | "backtest" | "data_load";

/** Named moments of a job's life. Each is recognised by something that can be observed. */
export type Step =
  /** Before the tool is called. */
  | "before_call"
  /** Our statement that admits the job is on its way to PostgreSQL. */
  | "admission"
  /** The status tool says queued (another job holds the slot). */
  | "queued"
  /** The POST that starts the computing is on its way to KTRDR. */
  | "before_post"
  /** KTRDR's answer to it is on its way back. */
  | "posted"
  /** Our worker takes work again, or a new one in its place. */
  | "worker_back"
  /** KTRDR's log: the computing began. */
  | "computing"
  /** The status tool says running. */
  | "running"
  /** KTRDR's log: the computing ended. */
  | "ending"
  /** Our statement that closes the record is on its way to PostgreSQL. */
  | "recording"
  /** The DELETE that stops the computing is on its way to KTRDR. */
  | "cancelling";

export const PARTS = [
  "worker",
  "mcp",
  "temporal",
  "postgres",
  "ktrdr-api",
  "ktrdr-training",
  "ktrdr-backtesting",
] as const;
export type Part = (typeof PARTS)[number];

export type Wire = "ktrdr" | "postgres" | "temporal";

/** What KTRDR is made to do (sandbox/faults.ts). */
export interface KtrdrFault {
  readonly fault: FaultName;
  readonly times?: number;
  readonly [setting: string]: unknown;
}

export type Attack =
  | { readonly do: "kill"; readonly part: Part }
  /** SIGTERM, as a deploy sends it. */
  | { readonly do: "deploy" }
  /** SIGSTOP at the beginning and SIGCONT at the end. */
  | { readonly do: "freeze"; readonly part: Exclude<Part, "mcp" | "postgres"> }
  | { readonly do: "wire"; readonly wire: Wire; readonly mode: WireMode }
  | { readonly do: "ktrdr"; readonly fault: KtrdrFault }
  /** PostgreSQL allows only reading, or has no connection left. */
  | { readonly do: "postgres"; readonly how: "read_only" | "connections" }
  /** An operator terminates the slot keeper. */
  | { readonly do: "terminate_keeper" }
  /** Somebody else has KTRDR compute something of the same kind. */
  | { readonly do: "foreign" }
  /** The disk of the whole lab is full. This is never drawn: such a lab lies on a small disk of its own. */
  | { readonly do: "full_disk" }
  /** An operator does this to the job in Temporal. `reset`: to its first workflow task; `pause`: its present step. */
  | { readonly do: "operator"; readonly how: "cancel" | "terminate" | "reset" | "pause" }
  /** A second worker process of ours works from before the call on, and ends at the step. */
  | { readonly do: "second_worker"; readonly leaves: "SIGKILL" | "SIGTERM" };

/** Whether it can only be carried out by a lab on a small disk. */
export const needsSmallDisk = ({ strikes }: Scenario): boolean =>
  strikes.some(({ attack }) => attack.do === "full_disk");

export interface Strike {
  readonly at: Step;
  readonly attack: Attack;
  /** How long it lasts, in milliseconds; 0 for what is over at once. */
  readonly forMs: number;
}

/** One run, as plain JSON: the same value always does the same. */
export interface Scenario {
  readonly kind: Kind;
  /** Another job of the kind computes already when the job is asked for, so that the job queues. */
  readonly behind: boolean;
  /** When the client cancels; null: never. */
  readonly cancelAt: Step | null;
  readonly strikes: readonly Strike[];
  /** Another job of the kind is run afterwards, to show that the slot is free. */
  readonly followUp: boolean;
  /** How many times slower than usual KTRDR computes; 1 unless said otherwise. */
  readonly pace?: number;
  /** KTRDR's computing stops half way until this step, however slow the machine is. Left out: it does not stop. */
  readonly holdUntil?: Step;
}

const COMMON: readonly Step[] = [
  "before_call",
  "admission",
  "before_post",
  "posted",
  "computing",
  "running",
  "ending",
  "recording",
];
const CANCEL_AT: readonly Step[] = [
  "admission",
  "before_post",
  "posted",
  "computing",
  "running",
  "ending",
  "recording",
];

/** The scenario of a run of a campaign. */
export function drawScenario(seed: number, index: number): Scenario {
  const random = new Random(seed, index);
  const kind = random.weighted<Kind>([
    [45, "training"],
    [45, "backtest"],
    [10, "data_load"],
  ]);
  const behind = random.chance(0.15);
  const cancelAt = random.chance(0.25) ? random.pick(behind ? (["queued", ...CANCEL_AT] as const) : CANCEL_AT) : null;
  const steps = [
    ...COMMON,
    ...(behind ? (["queued"] as const) : []),
    ...(cancelAt === null ? [] : (["cancelling"] as const)),
  ];
  const strikes = Array.from({ length: random.chance(0.6) ? 1 : 2 }, () => drawStrike(random, kind, steps));
  return { kind, behind, cancelAt, strikes, followUp: random.chance(0.3) };
}

function drawStrike(random: Random, kind: Kind, steps: readonly Step[]): Strike {
  const at = random.pick(steps);
  const forMs = random.whole(200, 6_000);
  const own = kind === "backtest" ? "ktrdr-backtesting" : "ktrdr-training";
  const type = random.weighted([
    [34, "kill"],
    [6, "deploy"],
    [14, "freeze"],
    [18, "wire"],
    [25, "ktrdr"],
    [3, "foreign"],
    [4, "postgres"],
    [2, "terminate_keeper"],
    [8, "operator"],
    [4, "second_worker"],
  ] as const);
  switch (type) {
    case "kill": {
      const part = random.pick(["worker", "worker", "mcp", "temporal", "postgres", "ktrdr-api", own] as const);
      return { at, attack: { do: "kill", part }, forMs: 0 };
    }
    case "deploy":
      return { at, attack: { do: "deploy" }, forMs: 0 };
    case "freeze":
      return {
        at,
        attack: { do: "freeze", part: random.pick(["worker", "temporal", "ktrdr-api", own] as const) },
        forMs,
      };
    case "wire":
      return {
        at,
        attack: drawWire(random),
        forMs,
      };
    case "ktrdr":
      return drawKtrdrStrike(random, kind, at, forMs);
    case "postgres":
      return { at, attack: { do: "postgres", how: random.pick(["read_only", "connections"] as const) }, forMs };
    case "terminate_keeper":
      return { at, attack: { do: "terminate_keeper" }, forMs: 0 };
    case "operator": {
      const how = random.pick(["cancel", "terminate", "terminate", "reset", "reset", "pause"] as const);
      return {
        at: at === "before_call" ? "admission" : at,
        attack: { do: "operator", how },
        forMs: how === "pause" ? forMs : 0,
      };
    }
    case "second_worker":
      return { at, attack: { do: "second_worker", leaves: random.pick(["SIGKILL", "SIGTERM"] as const) }, forMs: 0 };
    case "foreign":
      return kind === "data_load"
        ? { at, attack: { do: "deploy" }, forMs: 0 }
        : { at, attack: { do: "foreign" }, forMs: 0 };
  }
}

function drawWire(random: Random): Attack {
  const wire = random.pick(["ktrdr", "postgres", "temporal"] as const);
  // Only KTRDR's protocol bears a request that arrives twice. The other streams would break.
  const twice = wire === "ktrdr" && random.chance(0.2);
  return { do: "wire", wire, mode: twice ? { kind: "duplicate" } : drawMode(random) };
}

function drawMode(random: Random): WireMode {
  return random.weighted<WireMode>([
    [3, { kind: "drop" }],
    [2, { kind: "delay", ms: random.whole(20, 700) }],
    [3, { kind: "cut", afterBytes: random.whole(0, 400) }],
    [2, { kind: "reset" }],
  ]);
}

/** Faults of connections and answers, which last for a while. */
const FOR_A_WHILE: readonly FaultName[] = [
  "slow",
  "hang",
  "reset",
  "http_500",
  "http_502",
  "http_503",
  "http_503_no_workers",
  "http_400_outage",
  "garbage_answer",
  "database_down",
  "worker_hangs",
  "computing_stalls",
];
/** Faults that happen once in a run. */
const ONCE: readonly FaultName[] = [
  "lost_operation",
  "start_answer_lost",
  "start_hangs",
  "frozen_progress",
  "stuck_resuming",
  "worker_dies",
  "completed_turned_failed",
  "completed_turned_cancelled",
  "computing_fails",
];
/** Faults that last from the beginning to the end of the run. */
const THROUGHOUT: readonly FaultName[] = ["cancel_not_forwarded", "worker_ignores_cancel"];
const VARIANTS = ["html", "nan", "huge", "wrong_types", "truncated", "empty"] as const;

function drawKtrdrStrike(random: Random, kind: Kind, at: Step, forMs: number): Strike {
  const fault = random.pick([...FOR_A_WHILE, ...FOR_A_WHILE, ...ONCE, ...ONCE, ...THROUGHOUT]);
  const type = kind === "backtest" ? "backtesting" : kind;
  if (FOR_A_WHILE.includes(fault))
    return { at, attack: { do: "ktrdr", fault: { fault, ...settingsOf(random, fault) } }, forMs };
  const once = ONCE.includes(fault) ? { times: 1, kind: type } : {};
  return {
    at: "before_call",
    attack: { do: "ktrdr", fault: { fault, ...once, ...settingsOf(random, fault) } },
    forMs: 0,
  };
}

function settingsOf(random: Random, fault: FaultName): Readonly<Record<string, unknown>> {
  if (fault === "slow") return { delayMs: random.whole(300, 2_500) };
  if (fault === "garbage_answer")
    return { variant: random.pick(VARIANTS), bytes: random.pick([12_000_000, 50_000_000]) };
  if (fault === "computing_fails") return { message: "Insufficient samples" };
  return fault === "worker_dies" || fault === "computing_stalls" ? { percent: random.whole(0, 90) } : {};
}
