import { coded, detail, HttpError } from "../../http/errors.ts";
import { readBody, Validator } from "../../http/validation.ts";
import type { Operation } from "../../state/operation.ts";
import { OPERATION_STATUSES, OPERATION_TYPES } from "../../state/operation.ts";
import { cancelOperation } from "../cancel.ts";
import type { ApiContext, SandboxApp } from "../context.ts";
import { resumeOperation } from "../resume.ts";
import { overrideStatus, retryOperation } from "../zombies.ts";

function listItem(operation: Operation): Record<string, unknown> {
  const { started_at: started, completed_at: completed } = operation;
  const end = completed === null ? Date.now() : Date.parse(completed);
  return {
    operation_id: operation.operation_id,
    operation_type: operation.operation_type,
    status: operation.status,
    created_at: operation.created_at,
    progress_percentage: operation.progress.percentage,
    current_step: operation.progress.current_step,
    symbol: operation.metadata.symbol,
    duration_seconds: started === null ? null : (end - Date.parse(started)) / 1000,
  };
}

/** In this family of routes every unexpected error is a 400 with a code (docs/ktrdr.md §1.3). */
async function guarded<Result>(
  code: string,
  message: string,
  id: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof HttpError) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw coded(400, code, message, { operation_id: id, error: text });
  }
}

const notFound = (id: string): HttpError => detail(404, `Operation not found: ${id}`);

function listRoutes(app: SandboxApp, api: ApiContext): void {
  app.get("/api/v1/operations", (c) => {
    const query = new Validator(c.req.query(), "query");
    const status = query.oneOf("status", OPERATION_STATUSES, undefined);
    const type = query.oneOf("operation_type", OPERATION_TYPES, undefined);
    const limit = query.whole("limit", 10, 1, 1000);
    const offset = query.whole("offset", 0, 0);
    query.check();
    const isActive = (one: Operation): boolean => one.status === "running" || one.status === "pending";
    const activeOnly = c.req.query("active_only") === "true";
    const matching = api.view
      .listed()
      .filter(
        (one) => (status === undefined || one.status === status) && (type === undefined || one.operation_type === type),
      )
      .filter((one) => !activeOnly || isActive(one));
    return c.json({
      success: true,
      data: matching.slice(offset, offset + limit).map((one) => listItem(one)),
      total_count: matching.length,
      active_count: api.view.listed().filter((one) => isActive(one)).length,
    });
  });

  app.get("/api/v1/operations/:id/children", (c) => {
    const id = c.req.param("id");
    return guarded("OPERATIONS-GetChildrenError", `Failed to get children of operation ${id}`, id, async () => {
      if ((await api.view.known(id)) === undefined) throw notFound(id);
      return c.json({ success: true, data: [], total_count: 0, active_count: 0 });
    });
  });
}

function readRoutes(app: SandboxApp, api: ApiContext): void {
  app.get("/api/v1/operations/:id", (c) => {
    const id = c.req.param("id");
    return guarded("OPERATIONS-GetStatusError", `Failed to get operation status for ${id}`, id, async () => {
      const operation = await api.view.current(id);
      if (operation === undefined) throw notFound(id);
      return c.json({ success: true, data: operation });
    });
  });

  app.get("/api/v1/operations/:id/results", (c) => {
    const id = c.req.param("id");
    return guarded("OPERATIONS-ResultsError", `Failed to get results for operation ${id}`, id, async () => {
      const operation = await api.view.current(id);
      if (operation === undefined) throw notFound(id);
      const { status } = operation;
      if (status !== "completed" && status !== "failed")
        throw detail(400, `Operation not finished (status: ${status})`);
      return c.json({
        success: true,
        operation_id: id,
        operation_type: operation.operation_type,
        status,
        results: operation.result_summary ?? {},
      });
    });
  });

  app.get("/api/v1/operations/:id/metrics", (c) => {
    const id = c.req.param("id");
    return guarded("OPERATIONS-MetricsError", `Failed to get metrics for operation ${id}`, id, async () => {
      const operation = await api.view.current(id);
      if (operation === undefined) throw notFound(id);
      const epochs = operation.metrics?.epochs ?? [];
      const data = { operation_id: id, operation_type: operation.operation_type, metrics: [epochs, epochs.length] };
      return c.json({ success: true, data });
    });
  });
}

function changeRoutes(app: SandboxApp, api: ApiContext): void {
  app.delete("/api/v1/operations/:id", async (c) => {
    const id = c.req.param("id");
    const input = new Validator(await readBody(c, true), "body");
    const reason = input.optionalText("reason") ?? null;
    input.check();
    return guarded("OPERATIONS-CancelError", `Failed to cancel operation ${id}`, id, async () =>
      c.json({ success: true, data: await cancelOperation(api, id, reason) }),
    );
  });

  app.post("/api/v1/operations/:id/resume", (c) => {
    const id = c.req.param("id");
    return guarded("OPERATIONS-ResumeError", `Failed to resume operation ${id}`, id, async () =>
      c.json({ success: true, data: await resumeOperation(api, id) }),
    );
  });

  app.post("/api/v1/operations/:id/retry", (c) => {
    const id = c.req.param("id");
    return guarded("OPERATIONS-RetryError", `Failed to retry operation ${id}`, id, async () =>
      c.json({ success: true, data: await retryOperation(api, id) }),
    );
  });

  app.patch("/api/v1/operations/:id/status", async (c) => {
    const id = c.req.param("id");
    const input = new Validator(await readBody(c), "body");
    const status = input.text("status");
    const message = input.optionalText("error_message");
    input.check();
    return guarded("OPERATIONS-StatusUpdateError", `Failed to update status of operation ${id}`, id, async () =>
      c.json({ success: true, operation_id: id, ...(await overrideStatus(api, id, status, message)) }),
    );
  });
}

/** Operations (docs/ktrdr.md §2.10). */
export function operationRoutes(app: SandboxApp, api: ApiContext): void {
  listRoutes(app, api);
  readRoutes(app, api);
  changeRoutes(app, api);
}
