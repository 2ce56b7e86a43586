import { z } from "zod";
import { GUIDE_SECTIONS, guideSection } from "../../domain/strategy/guide.ts";
import { defineTool } from "../define-tool.ts";

export const getStrategySchema = defineTool({
  name: "get_strategy_schema",
  title: "Get the strategy schema",
  description: `The grammar of a strategy, one section per call. Read it before writing the first one.

- grammar: every section and key, defaults, and which keys KTRDR silently ignores
- example: a complete strategy for SPX daily that passes every check; change it rather than starting from nothing
- memberships: the three kinds of fuzzy membership and how to place them
- labels: what the network learns to predict, and why a threshold can leave it a single class
- indicators: the 31 types on one line each

Then calculate_indicators for real values, and create_strategy.

Example: {"section": "example"}`,
  input: z.strictObject({ section: z.enum(GUIDE_SECTIONS).default("grammar").describe("Which part.") }),
  output: z.object({ section: z.string(), text: z.string(), other_sections: z.array(z.string()) }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle({ section }) {
    const others = GUIDE_SECTIONS.filter((name) => name !== section);
    return { section, text: guideSection(section), other_sections: [...others] };
  },
});
