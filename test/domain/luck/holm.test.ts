import { expect, test } from "vitest";
import { holm } from "../../../src/domain/luck/holm.ts";
import { near } from "./near.ts";

const P = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216];
const ADJUSTED = [0.01, 0.072, 0.312, 0.312, 0.312, 0.312, 0.312, 0.615, 0.615, 0.615];

test("Holm's adjusted probabilities, in any order", () => {
  holm(P).forEach((value, at) => near(value, ADJUSTED[at] ?? 0));
  holm(P.toReversed()).forEach((value, at) => near(value, ADJUSTED.at(-1 - at) ?? 0));
  expect(holm([0.9, 0.8])).toEqual([1, 1]);
  expect(holm([])).toEqual([]);
});
