import { expect, test } from "vitest";
import { EXAMPLE_STRATEGY } from "../../../src/domain/strategy/guide-example.ts";
import { traitsOf } from "../../../src/domain/strategy/traits.ts";

test("of a strategy: its indicators, how it labels, and its network", () => {
  expect(traitsOf(EXAMPLE_STRATEGY)).toEqual({
    indicator: ["rsi", "distancefromma", "adx"],
    labels: ["zigzag"],
    architecture: ["mlp 16-8"],
  });
});

test.each([
  "",
  "{",
  "- a list",
  "indicators: 3",
  "indicators: {a: {type: [rsi]}}\nmodel: {architecture: {hidden_layers: x}}",
])("of %j: none", (text) => {
  expect(traitsOf(text)).toEqual({ indicator: [], labels: [], architecture: [] });
});
