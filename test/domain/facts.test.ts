import { expect, test } from "vitest";
import { chance } from "../../src/domain/facts.ts";

test.each([
  [2.3e-62, 0.0001],
  [0, 0.0001],
  [1, 0.9999],
  [0.0123456, 0.012346],
  [null, null],
])("a probability of %s is told as %s", (value, told) => {
  expect(chance(value)).toBe(told);
});
