/** What the doctor may find, and how it says so. `--json` prints a Report, whose shape stays the same between versions. */
import { z } from "zod";

const problem = (means: string) => ({ severity: "problem", means }) as const;
const warning = (means: string) => ({ severity: "warning", means }) as const;

/**
 * Everything that may be wrong. `problem`: research does not work, or only in part. `warning`: it works, but there will
 * be trouble later. docs/repair.md has a row for each.
 */
export const AILMENTS = {
  node_old: problem("this Node cannot run the sources"),
  config_invalid: problem("a setting has a value that cannot be used"),
  port_taken: problem(
    "what listens at a part's address does not answer as that part: another program, or the part hangs",
  ),
  postgres_down: problem("PostgreSQL cannot be used: nothing is recorded"),
  postgres_refuses: problem("PostgreSQL answers and does not let us work: password, TLS, a missing grant"),
  postgres_readonly: problem("PostgreSQL can be read but not written: its disk is full, or it is read-only"),
  postgres_encoding: problem("the database cannot hold every character"),
  postgres_old: problem("PostgreSQL is older than 15"),
  tables_missing: problem("the database is there, its tables are missing or old"),
  schema_newer: problem("the tables belong to a newer version of ktrdr-mcp"),
  research_paused: warning("an operator paused research: no queued job begins, no new one is taken"),
  budget_used_up: warning("today's computing budget is used up: jobs wait for midnight UTC"),
  temporal_down: problem("Temporal cannot be used: no job starts or moves"),
  temporal_old: warning("the Temporal server is older than those tested: some texts may be missing"),
  temporal_cli_missing: warning("no `temporal` program: the operator's commands cannot be typed"),
  namespace_missing: problem("Temporal does not have the namespace"),
  search_attributes_missing: warning("jobs run, and cannot be found by strategy in Temporal"),
  search_attributes_type: warning(
    "somebody holds search attributes of ours as another type: jobs run, and cannot be found by them",
  ),
  retention_short: warning("Temporal forgets ended jobs within a week; the record stays"),
  worker_missing: problem("nobody polls a task queue: jobs wait"),
  ktrdr_down: problem("KTRDR's API cannot be used: nothing new is computed"),
  ktrdr_failing: problem("KTRDR's API answers, with errors of its own: nothing new is computed"),
  ktrdr_unexamined: warning("this version of KTRDR was never examined: its faults may be others"),
  ktrdr_workers_missing: problem("KTRDR has no usable worker of a kind: its jobs wait"),
  ktrdr_worker_silent: warning(
    "a worker of KTRDR does not answer us: its death is noticed late, a cancellation cannot be proven",
  ),
  strategies_unset: problem("strategies cannot be written or read"),
  strategies_unwritable: problem("create_strategy cannot write"),
  data_unreadable: warning("bars are asked of KTRDR's API, which is slower"),
  models_unreadable: warning("the folder of models that is set cannot be read"),
  holdout_broken: problem("the file of a holdout is missing, or is not what it was"),
  holdout_open: problem("an open price file has bars of days that a holdout keeps back"),
  holdout_weak: warning("somebody besides KTRDR can read a holdout: there only the tools keep it"),
  holdouts_unexamined: warning("nobody could look at the holdouts: what is wrong with them is not known"),
  indicator_repaints: problem("an indicator shows the future: its past values change when later bars come"),
  indicators_unexamined: warning("nobody could look whether indicators show the future"),
  clock_skew: warning("a part's clock is off: times in records and answers mislead"),
  probe_failed: problem("a small errand through Temporal and a worker did not come back well"),
};

export type Ailment = keyof typeof AILMENTS;
const CODES = Object.keys(AILMENTS) as [Ailment, ...Ailment[]];

const FindingSchema = z.strictObject({
  part: z.string(),
  severity: z.enum(["ok", "warning", "problem"]),
  /** Null when all is well. */
  code: z.enum(CODES).nullable(),
  detail: z.string(),
  /** The command that mends it, as it is typed in the folder of ktrdr-mcp; null when all is well. */
  fix: z.string().nullable(),
  /** What to know or do beside the command; null when nothing. */
  note: z.string().nullable(),
});
export type Finding = Readonly<z.infer<typeof FindingSchema>>;

export const ReportSchema = z.strictObject({
  version: z.literal(1),
  /** True without problems; there may be warnings. */
  ok: z.boolean(),
  findings: z.array(FindingSchema),
});
export type Report = Readonly<z.infer<typeof ReportSchema>>;

export const fine = (part: string, detail: string): Finding => ({
  part,
  severity: "ok",
  code: null,
  detail,
  fix: null,
  note: null,
});

export interface Remedy {
  readonly fix: string;
  readonly note?: string | undefined;
}

export const found = (part: string, code: Ailment, detail: string, { fix, note }: Remedy): Finding => ({
  part,
  severity: AILMENTS[code].severity,
  code,
  detail,
  fix,
  note: note ?? null,
});

export const reportOf = (findings: readonly Finding[]): Report => ({
  version: 1,
  ok: findings.every(({ severity }) => severity !== "problem"),
  findings: [...findings],
});
