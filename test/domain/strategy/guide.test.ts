import { describe, expect, it } from "vitest";
import { INDICATORS } from "../../../src/domain/indicators/catalogue.ts";
import { GUIDE_SECTIONS, guideSection } from "../../../src/domain/strategy/guide.ts";
import { LABEL_SCHEMAS, MEMBERSHIP_TYPES, SECTIONS } from "../../../src/domain/strategy/schema.ts";

describe("the strategy guide", () => {
  it.each(GUIDE_SECTIONS)("%s fits into one answer", (section) => {
    const text = guideSection(section);
    expect(text.length).toBeGreaterThan(500);
    expect(text.length / 4).toBeLessThan(1_500);
  });

  it("names every section, membership, label source, parameter and indicator there is", () => {
    const sections = Object.keys(SECTIONS).filter((name) => !["context_data", "deployment"].includes(name));
    for (const name of sections) expect(guideSection("grammar")).toContain(name);
    for (const type of MEMBERSHIP_TYPES) expect(guideSection("memberships")).toContain(type);
    for (const { type } of INDICATORS) expect(guideSection("indicators")).toContain(`${type}(`);
    for (const [source, schema] of Object.entries(LABEL_SCHEMAS)) {
      expect(guideSection("labels")).toContain(source);
      const advanced = ["compute_weights", "cusum_threshold", "cusum_multiplier"];
      for (const name of Object.keys(schema.shape).filter((key) => !advanced.includes(key))) {
        expect(guideSection("labels")).toContain(name);
      }
    }
  });
});
