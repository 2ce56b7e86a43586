import { randomUUID } from "node:crypto";
import type { Fault } from "../../faults.ts";
import { FAULTS } from "../../faults.ts";
import { detail } from "../../http/errors.ts";
import { readBody } from "../../http/validation.ts";
import { SANDBOX_VERSION } from "../../version.ts";
import type { ApiContext, SandboxApp } from "../context.ts";

function faultFrom(value: unknown): Fault {
  const given = typeof value === "object" && value !== null ? (value as Partial<Fault>) : {};
  if (given.fault === undefined || !(given.fault in FAULTS)) {
    throw detail(422, `Unknown fault '${String(given.fault)}'. Known: ${Object.keys(FAULTS).join(", ")}`);
  }
  return { ...given, fault: given.fault, id: given.id ?? randomUUID() };
}

/**
 * The sandbox's own switches; no part of KTRDR. `GET /sandbox/faults` lists what is on and what there is. `PUT` with
 * `{faults: [...]}` replaces all. `POST` adds one and answers its id. `DELETE` switches all off, or the one with an id.
 */
export function controlRoutes(app: SandboxApp, api: ApiContext): void {
  const { faults } = api;
  app.get("/sandbox/faults", (c) =>
    c.json({ faults: faults.list().map((one) => ({ ...one, used: faults.uses(one.id) })), known: FAULTS }),
  );

  app.put("/sandbox/faults", async (c) => {
    const list = (await readBody(c))["faults"];
    if (!Array.isArray(list)) throw detail(422, "Expected {faults: [...]}");
    const all = list.map((one) => faultFrom(one));
    faults.replace(all);
    return c.json({ faults: all });
  });

  app.post("/sandbox/faults", async (c) => {
    const fault = faultFrom(await readBody(c));
    faults.add(fault);
    return c.json(fault);
  });

  app.delete("/sandbox/faults", (c) => {
    faults.replace([]);
    return c.json({ faults: [] });
  });

  app.delete("/sandbox/faults/:id", (c) => {
    faults.remove(c.req.param("id"));
    return c.json({ faults: faults.list() });
  });

  app.get("/sandbox/log", (c) => {
    const id = c.req.query("operation_id");
    return c.json({ events: api.log.read().filter((one) => id === undefined || one.operationId === id) });
  });

  app.get("/sandbox/info", (c) =>
    c.json({ version: SANDBOX_VERSION, pid: process.pid, state_dir: api.folder.root, timers: api.timers }),
  );
}
