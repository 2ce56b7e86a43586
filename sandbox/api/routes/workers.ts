import { detail } from "../../http/errors.ts";
import { readBody, Validator } from "../../http/validation.ts";
import type { ApiContext, SandboxApp } from "../context.ts";
import { WORKER_TYPES } from "../worker-registry.ts";

/** The registry over HTTP (docs/ktrdr.md §2.11): bare objects and arrays. */
export function workerRoutes(app: SandboxApp, api: ApiContext): void {
  app.get("/api/v1/workers", (c) => {
    const query = new Validator(c.req.query(), "query");
    const type = query.oneOf("worker_type", WORKER_TYPES, undefined);
    query.check();
    const status = c.req.query("status");
    const isWanted = (one: { worker_type: string; status: string }): boolean =>
      (type === undefined || one.worker_type === type) && (status === undefined || one.status === status);
    return c.json(api.registry.list().filter((one) => isWanted(one)));
  });

  app.get("/api/v1/workers/:id", (c) => {
    const worker = api.registry.get(c.req.param("id"));
    if (worker === undefined) throw detail(404, `Worker not found: ${c.req.param("id")}`);
    return c.json(worker);
  });

  app.post("/api/v1/workers/register", async (c) => {
    const body = await readBody(c);
    const input = new Validator(body, "body");
    const id = input.text("worker_id");
    const endpointUrl = input.text("endpoint_url");
    input.text("worker_type");
    const type = input.oneOf("worker_type", WORKER_TYPES, undefined);
    input.check();
    const capabilities = (body["capabilities"] ?? {}) as Record<string, unknown>;
    return c.json(api.registry.register(id, type ?? "training", endpointUrl, capabilities));
  });
}
