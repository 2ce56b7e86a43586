import { describe, expect, it } from "vitest";
import { OperationWire, toOperation } from "../../src/ktrdr/operation-wire.ts";

const view = (status: string, progress: Record<string, unknown>) =>
  toOperation(
    OperationWire.parse({
      operation_id: "op-1",
      operation_type: "training",
      status,
      created_at: "2026-11-22T12:57:10.714469Z",
      progress,
    }),
  );

describe("a view of something running", () => {
  it("without any step is a copy of the database's row (recordings 05b, 11)", () => {
    expect(view("running", { percentage: 0, current_step: null, steps_total: 0 }).fromRow).toBe(true);
    expect(view("running", {}).fromRow).toBe(true);
  });

  it("with a step, if only an empty one, is of the computing itself (recordings 04, 08)", () => {
    expect(view("running", { percentage: 0, current_step: "" }).fromRow).toBeUndefined();
    expect(view("running", { percentage: 0, current_step: "Starting v3 training pipeline" }).fromRow).toBeUndefined();
  });

  it("that is pending or over says nothing of the kind", () => {
    expect(view("pending", { current_step: null }).fromRow).toBeUndefined();
    expect(view("completed", { current_step: null }).fromRow).toBeUndefined();
  });
});
