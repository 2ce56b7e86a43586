import type { Context } from "hono";
import { coded, detail } from "../../http/errors.ts";
import { Validator } from "../../http/validation.ts";
import type { CheckpointRow, Database } from "../../state/database.ts";
import { DatabaseDownError } from "../../state/database.ts";
import type { ApiContext, SandboxApp } from "../context.ts";

function guarded<Result>(code: string, message: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof DatabaseDownError) throw coded(400, code, message, { error: error.message });
    throw error;
  }
}

function listItem(database: Database, row: CheckpointRow): Record<string, unknown> {
  return {
    operation_id: row.operation_id,
    checkpoint_type: row.checkpoint_type,
    created_at: row.created_at,
    state_summary: row.state,
    artifacts_size_bytes: database.artifactsSize(row),
  };
}

function ageInDays(row: CheckpointRow): number {
  return (Date.now() - Date.parse(row.created_at)) / 86_400_000;
}

/** Checkpoints (docs/ktrdr.md §2.12); with the database away every route answers 400 `CHECKPOINTS-…Error`. */
export function checkpointRoutes(app: SandboxApp, api: ApiContext): void {
  const { database } = api;
  const idOf = (c: Context): string => c.req.param("id") ?? "";

  app.get("/api/v1/checkpoints/stats", (c) =>
    guarded("CHECKPOINTS-StatsError", "Failed to get checkpoint statistics", () => {
      const rows = database.checkpoints();
      return c.json({
        success: true,
        total_checkpoints: rows.length,
        total_size_bytes: rows.reduce((sum, row) => sum + database.artifactsSize(row), 0),
        oldest_checkpoint: rows.map((row) => row.created_at).toSorted()[0] ?? null,
      });
    }),
  );

  app.post("/api/v1/checkpoints/cleanup", (c) => {
    const query = new Validator(c.req.query(), "query");
    const days = query.whole("max_age_days", 30, 1);
    query.check();
    return guarded("CHECKPOINTS-CleanupError", "Failed to cleanup checkpoints", () => {
      const old = database.checkpoints().filter((row) => ageInDays(row) > days);
      for (const row of old) database.deleteCheckpoint(row.operation_id);
      const orphans = database.deleteOrphanArtifacts();
      return c.json({ success: true, checkpoints_deleted: old.length, orphan_artifacts_cleaned: orphans });
    });
  });

  app.get("/api/v1/checkpoints", (c) =>
    guarded("CHECKPOINTS-ListError", "Failed to list checkpoints", () => {
      const days = Number(c.req.query("older_than_days") ?? -1);
      const rows = database.checkpoints().filter((row) => ageInDays(row) > days);
      const data = rows.map((row) => listItem(database, row));
      return c.json({ success: true, data, total_count: data.length });
    }),
  );

  app.get("/api/v1/checkpoints/:id", (c) =>
    guarded("CHECKPOINTS-GetError", `Failed to get checkpoint for ${idOf(c)}`, () => {
      const row = database.checkpoint(idOf(c));
      if (row === undefined) throw detail(404, `Checkpoint not found: ${idOf(c)}`);
      return c.json({ success: true, data: row });
    }),
  );

  app.delete("/api/v1/checkpoints/:id", (c) =>
    guarded("CHECKPOINTS-DeleteError", `Failed to delete checkpoint for ${idOf(c)}`, () => {
      if (!database.deleteCheckpoint(idOf(c))) throw detail(404, `Checkpoint not found: ${idOf(c)}`);
      return c.json({ success: true, message: `Checkpoint deleted: ${idOf(c)}` });
    }),
  );
}
