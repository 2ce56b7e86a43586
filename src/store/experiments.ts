/** Experiments: their criterion, the jobs that belong to them, and how they were concluded. */
import { hash } from "node:crypto";
import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import {
  DIRECTIONS,
  judge,
  type AttachedRun,
  Conclusion,
  type Experiment,
  type NewExperiment,
} from "../domain/experiment.ts";
import type { Engine } from "../domain/result.ts";
import { FIGURE_NAMES } from "../domain/results/figures.ts";
import { enginesOf } from "./engines.ts";
import { Instant } from "./job-row.ts";
import { databaseNow } from "./clocks.ts";
import { toJsonb } from "./json.ts";
import { trialsOf } from "./ledger.ts";
import { run, select, withTransaction, type Pool, type Session } from "./pool.ts";
import { RUN_COLUMNS, RUN_JOINS, runOf, RunRow } from "./run-row.ts";

export interface ExperimentFilter {
  readonly status?: "open" | "concluded";
  readonly symbol?: string;
  /** Only those that this job belongs to, by itself or as a part of a batch. */
  readonly jobId?: string;
  readonly limit: number;
  readonly offset: number;
}

/** Every method throws DomainError `database_unavailable` when PostgreSQL does not answer. */
export interface ExperimentStore {
  /** Writes an experiment down once, however often it is sent. */
  start(
    experiment: NewExperiment,
    client: string,
  ): Promise<{ readonly experiment: Experiment; readonly existing: boolean }>;
  /** @throws DomainError `experiment_not_found` */
  get(experimentId: string): Promise<Experiment>;
  /** Newest first. */
  list(filter: ExperimentFilter): Promise<readonly Experiment[]>;
  /** The engines that computed the runs of some experiments. */
  engines(experimentIds: readonly string[]): Promise<readonly Engine[]>;
  /**
   * Makes a job, which need not exist yet, a run of the experiment. May be repeated: the first time counts.
   * @returns whether it was the first time
   * @throws DomainError `experiment_not_found`, `experiment_concluded`
   */
  attach(experimentId: string, jobId: string): Promise<boolean>;
  /** The runs of an experiment in the order in which they count; each job of a batch is a run. */
  runs(experimentId: string): Promise<readonly AttachedRun[]>;
  /**
   * Judges the experiment for good: the first conclusion stays.
   * @throws DomainError `experiment_not_found`, `task_not_finished` while a run of it is open
   */
  conclude(
    experimentId: string,
    words: string,
    client: string,
  ): Promise<{ readonly experiment: Experiment; readonly existing: boolean }>;
}

const ExperimentRow = z
  .object({
    experimentId: z.string(),
    hypothesis: z.string(),
    metric: z.enum(FIGURE_NAMES),
    direction: z.enum(DIRECTIONS),
    threshold: z.number(),
    runs: z.number(),
    symbol: z.string(),
    timeframe: z.string(),
    startDate: z.string(),
    endDate: z.string(),
    client: z.string(),
    alreadySeen: z.number().nullable(),
    startedAt: Instant,
    conclusion: Conclusion.nullable(),
  })
  .transform(({ symbol, timeframe, startDate, endDate, ...experiment }): Experiment => {
    return { ...experiment, sample: { symbol, timeframe, startDate, endDate } };
  });

const AttachedRow = RunRow.extend({ attachedAt: Instant }).transform(({ attachedAt, ...row }): AttachedRun => ({
  attachedAt,
  ...runOf(row),
}));

/** For a batch its jobs. */
const RUNS = `
  with attached as (select job_id, attached_at from experiment_jobs where experiment_id = $1),
  members as (
    select a.job_id, a.attached_at, 0 as part from attached a
    union
    select i.job_id, a.attached_at, i.n from attached a join batch_items i on i.batch_id = a.job_id
  )
  select m.job_id, m.attached_at, ${RUN_COLUMNS}
  from members m left join jobs j using (job_id) ${RUN_JOINS}
  where j.kind is null or j.kind <> 'batch' or j.status = 'open'
  order by m.attached_at, m.part, m.job_id limit 1000`;

/** The same experiment has the same id, so that starting it again changes nothing. */
function experimentIdOf(experiment: NewExperiment): string {
  const { hypothesis, metric, direction, threshold, runs, sample } = experiment;
  const { symbol, timeframe, startDate, endDate } = sample;
  const content = JSON.stringify([
    hypothesis,
    metric,
    direction,
    threshold,
    runs,
    symbol,
    timeframe,
    startDate,
    endDate,
  ]);
  return `experiment-${hash("sha256", content).slice(0, 16)}`;
}

export function createExperimentStore(pool: Pool): ExperimentStore {
  return {
    async start(wanted, client) {
      const experimentId = experimentIdOf(wanted);
      const seen = await trialsOf(pool, wanted.sample.symbol, wanted.sample);
      const inserted = await insert(pool, experimentId, wanted, client, seen.onTheseDays);
      return { experiment: await read(pool, experimentId), existing: !inserted };
    },

    get: (experimentId) => read(pool, experimentId),

    list: ({ status, symbol, jobId, limit, offset }) =>
      select(
        pool,
        ExperimentRow,
        `select * from experiments e
         where ($1::text is null or (conclusion is null) = ($1 = 'open')) and ($2::text is null or symbol = $2)
           and ($3::text is null or exists (
             select from experiment_jobs l where l.experiment_id = e.experiment_id and l.job_id in (
               select $3 union select parent_job_id from jobs where job_id = $3
               union select batch_id from batch_items where job_id = $3)))
         order by started_at desc, experiment_id desc limit $4 offset $5`,
        [status ?? null, symbol ?? null, jobId ?? null, limit, offset],
      ),

    engines: (experimentIds) => enginesOf(pool, "experiments", experimentIds),

    async attach(experimentId, jobId) {
      const attached = await run(
        pool,
        `insert into experiment_jobs (experiment_id, job_id)
         select experiment_id, $2 from experiments where experiment_id = $1 and conclusion is null for share
         on conflict do nothing returning 1`,
        [experimentId, jobId],
      );
      if (attached.length > 0) return true;
      const { conclusion } = await read(pool, experimentId);
      if (conclusion === null || (await isAttached(pool, experimentId, jobId))) return false;
      throw new DomainError("experiment_concluded", {
        what: `The experiment ${experimentId} was concluded at ${conclusion.concludedAt}: it takes no more runs.`,
        next: "start_experiment with the next hypothesis, or call again without experiment_id",
      });
    },

    runs: (experimentId) => select(pool, AttachedRow, RUNS, [experimentId]),

    conclude: (experimentId, words, client) =>
      withTransaction(pool, async (session) => {
        // A call that attaches a run at this moment waits, and is then refused.
        const experiment = await read(session, experimentId, "for update");
        if (experiment.conclusion !== null) return { experiment, existing: true };
        const runs = await select(session, AttachedRow, RUNS, [experimentId]);
        assertEnded(runs);
        const { onTheseDays: trials } = await trialsOf(session, experiment.sample.symbol, experiment.sample);
        const concludedAt = (await databaseNow(session)).toISOString();
        const conclusion = { judgement: judge(experiment, runs, trials), words, client, concludedAt };
        await run(session, "update experiments set conclusion = $2 where experiment_id = $1", [
          experimentId,
          toJsonb(conclusion),
        ]);
        return { experiment: { ...experiment, conclusion }, existing: false };
      }),
  };
}

/** The experiment a job was started for; null when it belongs to none. */
export async function experimentOf(pool: Pool, jobId: string): Promise<string | null> {
  const row = z.object({ experimentId: z.string() });
  const first = "select experiment_id from experiment_jobs where job_id = $1 order by attached_at limit 1";
  const [found] = await select(pool, row, first, [jobId]);
  return found?.experimentId ?? null;
}

async function insert(
  session: Session,
  id: string,
  wanted: NewExperiment,
  client: string,
  alreadySeen: number,
): Promise<boolean> {
  const { hypothesis, metric, direction, threshold, runs, sample } = wanted;
  const inserted = await run(
    session,
    `insert into experiments
       (experiment_id, hypothesis, metric, direction, threshold, runs, symbol, timeframe, start_date, end_date, client,
        already_seen)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing returning 1`,
    [
      id,
      hypothesis,
      metric,
      direction,
      threshold,
      runs,
      sample.symbol,
      sample.timeframe,
      sample.startDate,
      sample.endDate,
      client,
      alreadySeen,
    ],
  );
  return inserted.length > 0;
}

async function read(session: Session, experimentId: string, lock: "for update" | "" = ""): Promise<Experiment> {
  const statement = `select * from experiments where experiment_id = $1 ${lock}`;
  const [found] = await select(session, ExperimentRow, statement, [experimentId]);
  if (found !== undefined) return found;
  throw new DomainError("experiment_not_found", {
    what: `There is no experiment ${experimentId}.`,
    next: "list_experiments shows them; start_experiment writes a new one down",
  });
}

async function isAttached(pool: Pool, experimentId: string, jobId: string): Promise<boolean> {
  const found = await run(pool, "select 1 from experiment_jobs where experiment_id = $1 and job_id = $2", [
    experimentId,
    jobId,
  ]);
  return found.length > 0;
}

/** @throws DomainError `task_not_finished` */
function assertEnded(runs: readonly AttachedRun[]): void {
  const open = runs.filter(({ job }) => job?.status === "open").map(({ jobId }) => jobId);
  const [first] = open;
  if (first === undefined) return;
  throw new DomainError("task_not_finished", {
    what: `${open.length === 1 ? "A run" : `${open.length} runs`} of the experiment ${open.length === 1 ? "has" : "have"} not ended: ${open.slice(0, 3).join(", ")}${open.length > 3 ? ", ..." : ""}.`,
    why: "all runs are judged, not only the quickest",
    next: `get_task_status with task_id ${first} and wait_seconds 45, or cancel_task; then conclude again`,
  });
}
