import { describe, expect, test } from "vitest";
import { createCharts } from "../../src/charts/charts.ts";
import { compactSvg } from "../../src/charts/compact-svg.ts";
import { createDraw } from "../../src/charts/draw.ts";
import { compare } from "../../src/domain/comparison.ts";
import { linesBesideHolding } from "../../src/research/results/equity-lines.ts";
import { backtestResult, trainingResult } from "../support/job-records.ts";
import { measure, wave } from "../support/measured.ts";

const charts = createCharts();
const picture = createDraw();

/** Width and height of a PNG, in points. */
function sizeOf(png: Uint8Array): { width: number; height: number } {
  const bytes = Buffer.from(png);
  expect(bytes.subarray(1, 4).toString("latin1")).toBe("PNG");
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

describe("charts", () => {
  test("a learning curve is a small picture, higher when there are accuracies as well", async () => {
    const { curve } = trainingResult();
    const losses = await charts.learningCurve(curve).png();
    expect(losses.length).toBeLessThan(60_000);
    const both = await charts
      .learningCurve({ ...curve, trainAccuracy: curve.trainLoss, valAccuracy: curve.valLoss })
      .png();
    expect(sizeOf(both).height).toBeGreaterThan(sizeOf(losses).height * 1.5);
    expect(sizeOf(losses).width).toBeLessThan(1_200);
  });

  test("a comparison has a row for each strategy", async () => {
    const runs = Array.from({ length: 20 }, (_, at) => ({
      jobId: `b-${at}`,
      key: String(at % 10),
      result: backtestResult({ sharpe: at / 10 }),
    }));
    const named = (count: number) =>
      compare("sharpe", runs)
        .slice(0, count)
        .map((group) => ({ ...group, name: `strategy_${group.jobIds[0]}` }));
    const [two, ten] = [
      await charts.comparison("sharpe", named(2)).png(),
      await charts.comparison("sharpe", named(10)).png(),
    ];
    expect(sizeOf(ten).height - sizeOf(two).height).toBeGreaterThan(200);
    expect(ten.length).toBeLessThan(60_000);
  });

  test("equity has its lines under their names, over the days", async () => {
    const series = wave(300, 1);
    const run = measure({ returns: series, market: wave(300, 2), counts: [100, 150, 200, 250, 300] });
    const lines = linesBesideHolding(run);
    expect(lines.map(({ name }) => name)).toEqual([
      "probe",
      "holding SPX",
      expect.stringMatching(/^holding SPX at \d+ %$/),
    ]);
    for (const { points } of lines) expect(points[0]).toEqual({ day: run.begins, value: 1 });
    const [all, alone] = [await charts.equity(lines).png(), await charts.equity(lines.slice(0, 1)).png()];
    expect(all.length).toBeLessThan(60_000);
    expect(sizeOf(all).height).toBeGreaterThan(sizeOf(alone).height);
  });

  test("letters are drawn, wherever it runs", async () => {
    const titled = async (text: string) =>
      await picture({ width: 200, height: 50, title: text, data: { values: [{}] }, mark: "point" }).png();
    // Without a font both titles would be empty, and the images alike.
    expect(Buffer.from(await titled("WWWWWW")).equals(await titled("iiiiii"))).toBe(false);
  });

  test("four hundred trials of luck fit into a message, each dot in its place", async () => {
    const trials = Array.from({ length: 400 }, (_, at) => ({ n: at + 1, sharpe: Math.sin(at), counts: at % 3 > 0 }));
    const steps = Array.from({ length: 200 }, (_, at) => ({
      n: 2 * at + 1,
      best: at / 90,
      bar: 1 + Math.log(at + 1) / 9,
    }));
    const svg = await charts.luck({ symbol: "SPX", trials, steps }).svg("light");
    expect(svg.length).toBeLessThan(45_000);
    expect(svg.match(/<use /g)).toHaveLength(400);
    expect(/aria-label|\d\.\d\d/.test(svg)).toBe(false);
  });

  test("a slice tells rungs by shape, rings what was suggested, and fits into a message with four hundred points", async () => {
    const dots = Array.from({ length: 400 }, (_, at) => ({
      value: 0.001 * 1.005 ** at,
      loss: 1 + Math.sin(at) / 50 + (at === 7 ? 90 : 0),
      rung: at % 3,
      suggested: at % 100 === 0,
    }));
    const range = { kind: "log", from: 0.001, to: 0.01 } as const;
    const drawn = { name: "training.learning_rate", range, rungs: ["rung 1", "rung 2", "rung 3"] };
    const svg = await charts.slice({ ...drawn, plots: [{ title: null, dots }] }).svg("light");
    expect(svg.length).toBeLessThan(45_000);
    // Marks of each rung, and four rings.
    expect(svg.match(/<use /g)?.length).toBeGreaterThanOrEqual(400 + 4);
    // One loss that is far away does not press the others together.
    expect(svg).not.toMatch(/>[2-9]0</);
    const apart = [0.02, 0.03].map((threshold) => ({ title: `threshold ${threshold}`, dots }));
    const several = await charts.slice({ ...drawn, plots: apart }).svg("light", true);
    expect(several.match(/>training\.learning_rate</g)).toHaveLength(2);
  });

  test("a slice of a choice and a funnel name what they show, whatever the words are", async () => {
    const labels = ["[16,8]", "</text><script>", "constructor"];
    const dots = labels.map((value, at) => ({ value, loss: at, rung: 0, suggested: false }));
    const range = { kind: "choice", labels } as const;
    const svg = await charts.slice({ name: "x", range, rungs: ["rung 1"], plots: [{ title: null, dots }] }).svg("dark");
    for (const said of ["[16,8]", "&lt;/text&gt;&lt;script&gt;", "constructor"]) expect(svg).toContain(`>${said}<`);
    const step = (name: string, points: number, refused = 0) => ({ name, points, refused });
    const steps = [step("proposed", 30, 3), step("rung 1", 27)];
    const [funnel, valid] = await Promise.all([steps, steps.slice(1)].map((some) => charts.funnel(some).svg("light")));
    expect(funnel).toMatch(/>proposed<[^]*>no valid strategy</);
    expect(valid).not.toContain("no valid strategy");
  });

  test("what stands once stays as it is; what stands often is drawn once", () => {
    const mark = (place: string, look: string) => `<path transform="translate(${place})" ${look}/>`;
    expect(compactSvg(`<svg>${mark("1.26,2", 'd="M0.111,0"')}<text>1.2345</text></svg>`)).toBe(
      `<svg><defs></defs>${mark("1.3,2", 'd="M0.1,0"')}<text>1.2345</text></svg>`,
    );
    expect(compactSvg(`<svg>${mark("1,2", 'd="$&"')}${mark("3,4", 'd="$&"')}</svg>`)).toBe(
      '<svg><defs><path id="m0" d="$&"/></defs><use href="#m0" transform="translate(1,2)"/><use href="#m0" transform="translate(3,4)"/></svg>',
    );
  });
});
