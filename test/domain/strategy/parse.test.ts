import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_STRATEGY_BYTES, parseStrategy } from "../../../src/domain/strategy/parse.ts";
import { validateStrategy } from "../../../src/domain/strategy/validate.ts";
import { fixture } from "./spx-bars.ts";

const RSI = fixture("spx_rsi_reversion");

const repeat = (text: string, times: number) => text.repeat(times);

describe("texts that are refused", () => {
  it.each([
    ["yaml_tag", "a: !!python/object/apply:os.system [id]"],
    ["yaml_tag", "a: !custom 1"],
    ["yaml_anchor", "a: &x [1]\nb: 2"],
    ["yaml_alias", "a: &x [1]\nb: *x"],
    ["yaml_merge", "a: {<<: {b: 1}}"],
    ["yaml_key", "__proto__: {polluted: true}"],
    ["yaml_key", "{a: 1}: 2"],
    ["yaml_directive", "%YAML 1.1\n---\na: 1"],
    ["duplicate_key", "a: 1\na: 2"],
    ["several_documents", "a: 1\n---\nb: 2"],
    ["yaml_syntax", "a: [1, 2"],
    ["not_a_mapping", "- a\n- b"],
    ["not_a_mapping", "just words"],
    ["not_a_mapping", ""],
    ["too_deep", repeat("[", 5_000)],
    ["too_deep", repeat("- ", 2_000)],
    ["too_deep", Array.from({ length: 300 }, (_, level) => `${repeat(" ", level)}a:`).join("\n")],
    ["too_large", `a: ${repeat("x", MAX_STRATEGY_BYTES)}`],
    ["too_large", Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join("\n")],
  ])("%s: %.40s", (code, text) => {
    const parsed = parseStrategy(text);
    expect(parsed.ok).toBe(false);
    expect(parsed.findings.map((finding) => finding.code)).toContain(code);
    expect(validateStrategy({ text })).toMatchObject({ valid: false, summary: null });
  });

  it("an alias bomb is refused before it is opened", () => {
    const levels = Array.from({ length: 12 }, (_, level) =>
      level === 0
        ? "l0: &l0 [x, x, x, x, x, x, x, x, x]"
        : `l${level}: &l${level} [${Array(9)
            .fill(`*l${level - 1}`)
            .join(", ")}]`,
    );
    const parsed = parseStrategy(levels.join("\n"));
    expect(parsed.ok).toBe(false);
    expect(parsed.findings.length).toBeLessThanOrEqual(10);
  });
});

describe("words that KTRDR's YAML 1.1 reader takes for something else", () => {
  it.each(["yes", "No", "on", "OFF", "1e-3", "1.5e3", "012", "1_000", "1:30"])("%s", (word) => {
    const findings = (value: string) => parseStrategy(`a: {b: ${value}}`).findings;
    expect(findings(word)).toMatchObject([{ code: "yaml_dialect", where: "a.b", line: 1 }]);
    expect(findings(`"${word}"`)).toEqual([]);
  });

  it.each(["true", "null", "0.001", "1.0e-3", "-5", "1d", "SPX", "2000-01-03", "0"])("%s means the same", (word) => {
    expect(parseStrategy(`a: {b: ${word}}`).findings).toEqual([]);
  });
});

it("finds the line of a key, of a list entry, and of the nearest parent", () => {
  const parsed = parseStrategy(RSI);
  if (!parsed.ok) throw new Error("the fixture does not parse");
  const lines = RSI.split("\n");
  const lineOf = (text: string) => lines.findIndex((line) => line.includes(text)) + 1;
  expect(parsed.text.lineOf(["indicators", "rsi_month", "period"])).toBe(lineOf("rsi_month: {"));
  expect(parsed.text.lineOf(["nn_inputs", 1, "timeframes"])).toBe(lineOf("fuzzy_set: slow_zone"));
  expect(parsed.text.lineOf(["model", "nowhere"])).toBe(lineOf("model:"));
  expect(parsed.text.lineOf(["nowhere"])).toBeNull();
});

describe("never throws", () => {
  const holds = (text: string) => {
    const { valid, findings } = validateStrategy({ text, fileName: "x.yaml" });
    expect(valid).toBe(!findings.some((finding) => finding.severity === "error"));
    expect(findings.length).toBeLessThanOrEqual(125);
    for (const finding of findings) {
      expect(finding.what.length + finding.why.length + finding.fix.length).toBeLessThan(2_000);
      expect(finding.fix).not.toBe("");
    }
  };

  it("on arbitrary text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 300 }), holds), { numRuns: 300 });
  });

  it("on arbitrary data in every section", () => {
    const sections = [
      "name",
      "training_data",
      "indicators",
      "fuzzy_sets",
      "nn_inputs",
      "model",
      "decisions",
      "training",
    ];
    const document = fc.record(
      Object.fromEntries(sections.map((section) => [section, fc.jsonValue({ maxDepth: 4 })])),
      {
        requiredKeys: [],
      },
    );
    fc.assert(
      fc.property(document, (value) => holds(JSON.stringify(value))),
      { numRuns: 300 },
    );
  });

  it("on a good strategy with any piece cut out or repeated", () => {
    const place = fc.nat({ max: RSI.length });
    fc.assert(
      fc.property(place, place, fc.boolean(), (a, b, twice) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const piece = RSI.slice(from, to);
        holds(RSI.slice(0, from) + (twice ? piece + piece : "") + RSI.slice(to));
      }),
      { numRuns: 200 },
    );
  });
});
