import { SANDBOX_VERSION } from "../../version.ts";
import type { ApiContext, SandboxApp } from "../context.ts";

/** `GET /` and `GET /health`: says nothing about database and workers (docs/ktrdr.md §2.1). */
export function healthRoutes(app: SandboxApp, api: ApiContext): void {
  app.get("/", (c) => c.json({ message: "KTRDR sandbox API is running" }));
  app.get("/api/v1/health", (c) =>
    c.json({ status: "ok", version: SANDBOX_VERSION, orphan_detector: api.orphans.status() }),
  );
}
