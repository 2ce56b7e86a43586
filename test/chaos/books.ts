import { Client } from "@temporalio/client";
import { openLazily } from "../../src/temporal/open-connection.ts";
import pg from "pg";
import { slotKeeperId, type SlotState } from "../../src/domain/slots.ts";
import type { SlotKind } from "../../src/domain/kinds/index.ts";
import type { Lab } from "../../lab/lab.ts";

export interface JobBook {
  readonly status: string;
  readonly finishedMs: number | null;
  readonly operationIds: readonly string[];
  readonly results: number;
  /** The result on record; null when there is none. */
  readonly result: Readonly<Record<string, unknown>> | null;
  /** Operations of the computations table, oldest first. Null: begun, but no operation is attached. */
  readonly attached: readonly (string | null)[];
}

/** Causes of a failed workflow task that the workflow's code did not cause (WorkflowTaskFailedCause of the API). */
const BLAMELESS = new Map([
  [1, "UNHANDLED_COMMAND"],
  [13, "RESET_STICKY_TASK_QUEUE"],
  [17, "FORCE_CLOSE_COMMAND"],
  [18, "FAILOVER_CLOSE_COMMAND"],
  [20, "RESET_WORKFLOW"],
  [31, "UNHANDLED_UPDATE"],
]);

/** Reads PostgreSQL and Temporal directly, not through the proxies. */
export class Books {
  readonly #database: string;
  readonly #temporal: string;
  readonly #namespace: string;

  constructor({ addresses, namespace }: Pick<Lab, "addresses" | "namespace">) {
    this.#database = addresses.database;
    this.#temporal = addresses.temporal;
    this.#namespace = namespace;
  }

  /** Null when the job was never admitted. */
  async job(taskId: string): Promise<JobBook | null> {
    const client = new pg.Client({ connectionString: this.#database, connectionTimeoutMillis: 5_000 });
    await client.connect();
    try {
      const { rows } = await client.query(
        `select status, extract(epoch from finished_at) * 1000 as finished_ms, outcome -> 'operationIds' as operation_ids,
           (select count(*) from results r where r.job_id = j.job_id) as results,
           (select result from results r where r.job_id = j.job_id) as result,
           array(select operation_id from computations c where c.job_id = j.job_id order by n) as attached
         from jobs j where job_id = $1`,
        [taskId],
      );
      const row = rows[0] as Record<string, unknown> | undefined;
      if (row === undefined) return null;
      return {
        status: String(row["status"]),
        finishedMs: row["finished_ms"] === null ? null : Number(row["finished_ms"]),
        operationIds: (row["operation_ids"] ?? []) as string[],
        results: Number(row["results"]),
        result: row["result"] as JobBook["result"],
        attached: row["attached"] as (string | null)[],
      };
    } finally {
      await client.end();
    }
  }

  /** Temporal's word for the workflow's status. */
  async execution(taskId: string): Promise<string> {
    return await this.#asking(async (client) => (await client.workflow.getHandle(taskId).describe()).status.name);
  }

  /** Workflow tasks that failed through the workflow's own code (it was not deterministic, or threw). */
  async failedTasks(workflowId: string): Promise<string[]> {
    return await this.#asking(async (client) => {
      const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
      return (events ?? []).flatMap(({ workflowTaskFailedEventAttributes: failed }) => {
        const blameless = failed == null || BLAMELESS.has(Number(failed.cause ?? 0));
        return blameless ? [] : [`${workflowId}: ${failed.failure?.message ?? `cause ${failed.cause}`}`];
      });
    });
  }

  /** Who holds a slot and who waits for one; nobody when no keeper lives. */
  async slots(kind: SlotKind): Promise<{ readonly held: readonly string[]; readonly queue: readonly string[] }> {
    return await this.#asking(async (client) => {
      const keeper = client.workflow.getHandle(slotKeeperId(kind));
      const known = await keeper.describe().catch(() => null);
      if (known === null || known.status.name !== "RUNNING") return { held: [], queue: [] };
      return await keeper.query<SlotState>("slotState");
    });
  }

  async #asking<T>(ask: (client: Client) => Promise<T>): Promise<T> {
    const connection = openLazily({ address: this.#temporal });
    try {
      return await connection.withDeadline(Date.now() + 5_000, async () => {
        return await ask(new Client({ connection, namespace: this.#namespace }));
      });
    } finally {
      await connection.close();
    }
  }
}
