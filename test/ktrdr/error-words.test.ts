import { expect, test } from "vitest";
import { OperationWire, toOperation } from "../../src/ktrdr/operation-wire.ts";

test("an address that KTRDR quotes in its words is kept without the keys of its operator", () => {
  const wire = OperationWire.parse({
    operation_id: "train-1",
    operation_type: "training",
    status: "failed",
    created_at: "2026-01-01T00:00:00",
    error_message:
      "Client error '400 Bad Request' for url 'https://api.example.org/series?series_id=DGS2&api_key=0123456789abcdef&file_type=json'",
  });
  expect(toOperation(wire).errorMessage).toContain("series_id=DGS2&api_key=...&file_type=json'");
});
