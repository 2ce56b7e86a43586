import { z } from "zod";
import type { Stored } from "../domain/stored.ts";
import { cappedArguments } from "../domain/tool-arguments.ts";
import { DomainError, isDomainError } from "../domain/errors.ts";
import { codeOf } from "./database-error.ts";
import { Instant } from "./job-row.ts";
import { pageSize } from "./job-reader.ts";
import { toJsonb } from "./json.ts";
import { run, select, type Pool } from "./pool.ts";

const Row = z
  .object({
    id: z.string(),
    /** ISO-8601 UTC of the call. */
    at: Instant,
    tool: z.string(),
    arguments: z.unknown(),
    /** An ErrorCode, or null when the call succeeded. */
    errorCode: z.string().nullable(),
    durationMs: z.number(),
    clientName: z.string().nullable(),
    clientVersion: z.string().nullable(),
    identity: z.string().nullable(),
    identitySource: z.enum(["local", "token", "oauth"]).nullable(),
    /** The job the call was about. */
    taskId: z.string().nullable(),
  })
  .transform(({ identity: name, identitySource: source, ...call }) => {
    /** The caller; null in entries from before callers were recorded. */
    const identity = name === null || source === null ? null : { name, source };
    return { ...call, identity };
  });

/** One tool call. `id` is a UUID made by the caller, so that writing an entry again changes nothing. */
export type ToolExecution = Stored<typeof Row>;

/** All methods throw DomainError `database_unavailable` when PostgreSQL does not answer. */
export interface ExecutionLog {
  /** Writes entries, all or none; entries that are already there stay as they are. */
  append(entries: readonly ToolExecution[]): Promise<void>;
  /** Newest first. Arguments beyond the cap come back as `{ truncated, bytes, head }`. */
  recent(filter?: {
    readonly tool?: string;
    readonly taskId?: string;
    readonly limit?: number;
  }): Promise<ToolExecution[]>;
}

export function createExecutionLog(pool: Pool): ExecutionLog {
  return {
    async append(entries) {
      if (entries.length === 0) return;
      await run(
        pool,
        `insert into tool_executions
           (id, at, tool, arguments, outcome, error_code, duration_ms, client_name, client_version, identity,
            identity_source, task_id)
         select id, at, tool, arguments, case when "errorCode" is null then 'ok' else 'error' end, "errorCode",
           "durationMs", "clientName", "clientVersion", identity, "identitySource", "taskId"
         from jsonb_to_recordset($1::jsonb) as entry(id uuid, at timestamptz, tool text, arguments jsonb,
           "errorCode" text, "durationMs" double precision, "clientName" text, "clientVersion" text, identity text,
           "identitySource" text, "taskId" text)
         on conflict (id) do nothing`,
        [toJsonb(entries.map(toColumns))],
      ).catch(tellEntryApart);
    },

    recent(filter = {}) {
      return select(
        pool,
        Row,
        `select * from tool_executions where ($1::text is null or tool = $1) and ($2::text is null or task_id = $2)
         order by at desc, id limit $3`,
        [filter.tool ?? null, filter.taskId ?? null, pageSize(filter.limit)],
      );
    },
  };
}

/** An entry that the database cannot hold is `internal`, so that the others need not wait as for a database that is down. */
function tellEntryApart(error: unknown): never {
  const ofData = isDomainError(error) && codeOf(error.cause).startsWith("22");
  throw ofData ? new DomainError("internal", { what: "An entry cannot be kept as it is.", cause: error }) : error;
}

const toColumns = ({ identity, ...call }: ToolExecution) => ({
  ...call,
  arguments: cappedArguments(call.arguments),
  identity: identity?.name ?? null,
  identitySource: identity?.source ?? null,
});
