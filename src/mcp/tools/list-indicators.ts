import { z } from "zod";
import { findIndicator, INDICATORS, scaleOf, suggestIndicator, warmUpBars } from "../../domain/indicators/catalogue.ts";
import type { IndicatorDefinition } from "../../domain/indicators/definition.ts";
import { DomainError } from "../../domain/errors.ts";
import { indicatorLine, parameterLines, unitText } from "../../domain/strategy/guide.ts";
import { defineTool } from "../define-tool.ts";
import { quoted } from "../input-error.ts";

const GROUPS = ["momentum", "trend", "volatility", "volume", "levels"] as const;

export const listIndicators = defineTool({
  name: "list_indicators",
  title: "List indicators",
  description: `The 31 indicator types KTRDR can compute.

Without arguments: one line per type. With type: parameters with ranges, outputs, scale and meaning. Names are those a strategy uses; aliases such as sma, ema, bbands work too.

KTRDR ignores misspelt parameters and computes with defaults, so copy the names from here. Several outputs: a strategy must name one, e.g. trend.adx. Next: calculate_indicators shows real values.

Example: {"type": "macd"}`,
  input: z.strictObject({
    type: z.string().max(60).optional().describe("One type in detail, e.g. rsi."),
    group: z.enum(GROUPS).optional().describe("Only this group."),
  }),
  output: z.object({ indicators: z.array(z.union([z.string(), z.looseObject({ type: z.string() })])) }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle({ type, group }) {
    if (type !== undefined) return { indicators: [detail(indicatorNamed(type))] };
    const chosen = INDICATORS.filter((definition) => group === undefined || definition.group === group);
    return { indicators: chosen.map(indicatorLine) };
  },
});

/** @throws DomainError `invalid_input` */
function indicatorNamed(type: string): IndicatorDefinition {
  const definition = findIndicator(type);
  if (definition !== null) return definition;
  const meant = suggestIndicator(type);
  throw new DomainError("invalid_input", {
    what: `There is no indicator type ${quoted(type)}.`,
    ...(meant === null ? {} : { why: `${meant} comes nearest` }),
    valid: INDICATORS.map((known) => known.type),
    next: meant === null ? "call list_indicators without type" : `call list_indicators with type ${meant}`,
  });
}

function detail(definition: IndicatorDefinition) {
  const outputs = definition.outputs.length === 0 ? [""] : definition.outputs;
  const scales = outputs.map((name) => {
    const text = unitText(scaleOf(definition, name === "" ? null : name));
    return name === "" ? text : `${name}: ${text}`;
  });
  return {
    type: definition.type,
    aliases: [...definition.aliases],
    group: definition.group,
    meaning: definition.meaning,
    parameters: [...parameterLines(definition)],
    outputs: [...definition.outputs],
    scales,
    warm_up_bars: warmUpBars(definition, {}),
  };
}
