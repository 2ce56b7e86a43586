import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { membership as sandboxMembership } from "../../../sandbox/engine/fuzzy.ts";
import { degree, innerGaps, support, type Membership } from "../../../src/domain/strategy/membership.ts";

const triangle = (...parameters: number[]): Membership => ({ name: "t", type: "triangular", parameters });
const trapezoid = (...parameters: number[]): Membership => ({ name: "z", type: "trapezoidal", parameters });
const gaussian = (...parameters: number[]): Membership => ({ name: "g", type: "gaussian", parameters });

describe("degree", () => {
  it.each([
    [triangle(0, 10, 30), 0, 0],
    [triangle(0, 10, 30), 5, 0.5],
    [triangle(0, 10, 30), 10, 1],
    [triangle(0, 10, 30), 20, 0.5],
    [triangle(0, 10, 30), 31, 0],
    [triangle(0, 0, 10), 0, 1],
    [trapezoid(0, 10, 20, 40), 15, 1],
    [trapezoid(0, 10, 20, 40), 30, 0.5],
    [triangle(0, 20, 20), 20, 1],
    [triangle(5, 5, 5), 5, 1],
    [trapezoid(0, 0, 20, 40), 0, 0],
    [trapezoid(0, 0, 20, 40), 1e-9, 1],
    [trapezoid(0, 20, 40, 40), 40, 0],
    [trapezoid(0, 20, 40, 40), 39.999, 1],
    [trapezoid(7, 7, 7, 7), 7, 0],
    [trapezoid(0, 20, 20, 40), 20, 1],
    [gaussian(50, 10), 50, 1],
    [gaussian(50, 10), 60, Math.exp(-0.5)],
  ])("%o at %d is %d", (membership, x, expected) => expect(degree(membership, x)).toBeCloseTo(expected, 12));

  it("is what KTRDR makes of it, on the feet of every kind of set as well", () => {
    const numbers = fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(numbers, fc.constantFrom(3, 4), fc.integer({ min: -5, max: 5 }), (list, arity, x) => {
        const parameters = list.toSorted((a, b) => a - b).slice(0, arity);
        const type = arity === 3 ? "triangular" : "trapezoidal";
        expect(degree({ name: "s", type, parameters }, x)).toBe(sandboxMembership({ type, parameters })(x));
      }),
    );
  });

  it("lies between 0 and 1 and is zero outside the support", () => {
    const sorted = fc
      .array(fc.integer({ min: -100, max: 100 }), { minLength: 4, maxLength: 4 })
      .map((list) => list.toSorted((a, b) => a - b));
    fc.assert(
      fc.property(sorted, fc.integer({ min: -150, max: 150 }), (parameters, x) => {
        const membership = trapezoid(...parameters);
        const value = degree(membership, x);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1);
        const [low, high] = support(membership);
        if (x < low || x > high) expect(value).toBe(0);
      }),
    );
  });
});

it("finds the gaps between memberships whatever their order", () => {
  expect(innerGaps([triangle(60, 80, 100), triangle(0, 10, 30), triangle(20, 40, 50)])).toEqual([[50, 60]]);
  expect(innerGaps([triangle(0, 10, 30), triangle(30, 40, 50)])).toEqual([]);
  expect(innerGaps([trapezoid(0, 10, 90, 100), triangle(20, 30, 40), triangle(110, 120, 130)])).toEqual([[100, 110]]);
  expect(innerGaps([gaussian(0, 1), gaussian(10, 1)])).toEqual([[3, 7]]);
});
