import { expect } from "vitest";

/** Fails unless `value` is the same to 1e-9 of `wanted`, or to a given ratio. */
export function near(value: number, wanted: number, ratio = 1e-9): void {
  expect(Math.abs(value - wanted), `${value} is not ${wanted}`).toBeLessThanOrEqual(ratio * Math.abs(wanted) + 1e-300);
}
