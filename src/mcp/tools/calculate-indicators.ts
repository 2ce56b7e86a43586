import { z } from "zod";
import {
  describeParameter,
  findIndicator,
  INDICATORS,
  parameterProblem,
  scaleOf,
  suggestIndicator,
  warmUpBars,
} from "../../domain/indicators/catalogue.ts";
import type { IndicatorDefinition } from "../../domain/indicators/definition.ts";
import { DomainError, isDomainError } from "../../domain/errors.ts";
import { toEpochMs } from "../../domain/market-data.ts";
import { unitText } from "../../domain/strategy/guide.ts";
import type { IndicatorSeries } from "../../ktrdr/indicators.ts";
import { barsFound, type MarketName } from "../../research/strategies/bar-check.ts";
import { findingText } from "../../research/strategies/clearance.ts";
import { defineTool, type ToolContext } from "../define-tool.ts";
import { isoDate, optionalWindow, symbol, timeframe } from "../fields.ts";
import { quoted } from "../input-error.ts";
import { latestValues, seriesSummary, withoutFillers } from "../series-summary.ts";

/** Without dates the newest bars are used, about this many. */
const DEFAULT_BARS = 5_000;
const SHOWN_DEFECTS = 3;

const Call = z.strictObject({
  type: z.string().max(60).describe("Indicator type, e.g. rsi."),
  params: z.record(z.string().max(60), z.union([z.number(), z.string().max(60), z.boolean()])).default({}),
});

export const calculateIndicators = defineTool({
  name: "calculate_indicators",
  title: "Calculate indicators",
  description: `What values an indicator really takes on stored bars: quantiles (q10 = 10 % of the bars are below), median, minimum, maximum and the latest values, for every output. For designing fuzzy sets: with limits near q10, median and q90 a set is neither always nor never true.

Use the dates of the planned training: the design must not see the years kept for backtests. Unknown parameters are refused. Bars before the indicator is warm are left out; "undefined" counts later ones without a value.

Before: list_market_data for dates, list_indicators for types. After: create_strategy.

Example: {"symbol": "SPX", "timeframe": "1d", "indicators": [{"type": "rsi", "params": {"period": 5}}, {"type": "macd"}], "start_date": "2000-01-03", "end_date": "2014-12-31"}`,
  input: z.strictObject({
    symbol: symbol.describe("Stored symbol."),
    timeframe: timeframe.describe("Stored timeframe."),
    indicators: z.array(Call).min(1).max(5).describe("Up to five."),
    start_date: isoDate.optional().describe("With end_date; default: the newest bars."),
    end_date: isoDate.optional().describe("With start_date."),
    latest: z.number().int().min(0).max(100).default(3).describe("Latest values to show of each output."),
  }),
  output: z.object({
    bars: z.number(),
    from: z.string(),
    to: z.string(),
    values: z.array(z.looseObject({ indicator: z.string(), values: z.number() })),
    latest_times: z.array(z.string()),
    defects: z.array(z.string()).optional(),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle(args, context) {
    const calls = args.indicators.map((call, index) => ({ definition: checked(call, index), params: call.params }));
    const market = { symbol: args.symbol, timeframe: args.timeframe };
    const window = optionalWindow(args.start_date, args.end_date) ?? (await newest(market, context));
    const request = {
      ...market,
      ...window,
      indicators: calls.map(({ definition, params }, index) => ({
        id: definition.type,
        parameters: params,
        outputName: `i${index}`,
      })),
    };
    // Looked up first: the answer tells of defects, and so does an error that they may have caused.
    const found = await barsFound(context.deps, market, window, context.signal);
    const defects = found.slice(0, SHOWN_DEFECTS).map(findingText);
    const series = await context.deps.reads.calculate(request, context.signal).catch((error: unknown) => {
      throw isDomainError(error, "ktrdr_unavailable", "ktrdr_rejected") && found.length > 0
        ? onBadBars(market, defects, error)
        : error;
    });
    if (series.times.length === 0) throw noBars(market, window);
    const values = calls.flatMap((call, index) => rows(call, `i${index}`, series, args.latest));
    const latestTimes = args.latest === 0 ? [] : series.times.slice(-args.latest);
    return {
      bars: series.times.length,
      from: series.times[0] ?? "",
      to: series.times.at(-1) ?? "",
      values,
      latest_times: latestTimes.map((time) => time.replace(/T00:00:00(?:\.000)?Z?$/, "")),
      ...(defects.length === 0 ? {} : { defects }),
    };
  },
});

interface Wanted {
  readonly definition: IndicatorDefinition;
  readonly params: Readonly<Record<string, unknown>>;
}

/** @throws DomainError `invalid_input` for an unknown type or parameter, or a value out of range */
function checked({ type, params }: z.output<typeof Call>, index: number): IndicatorDefinition {
  const definition = findIndicator(type);
  const next = "list_indicators with the type shows its parameters; correct the call and repeat it";
  if (definition === null) {
    const meant = suggestIndicator(type);
    throw new DomainError("invalid_input", {
      what: `indicators.${index}: there is no indicator type ${quoted(type)}.`,
      ...(meant === null ? {} : { why: `${meant} comes nearest` }),
      valid: INDICATORS.map((known) => known.type),
      next,
    });
  }
  const valid = definition.parameters.map((known) => `${known.name}: ${describeParameter(known)}`);
  for (const [name, value] of Object.entries(params)) {
    const parameter = definition.parameters.find((known) => known.name === name);
    const problem = parameter === undefined ? "it is not known" : parameterProblem(parameter, value);
    if (problem === null) continue;
    throw new DomainError("invalid_input", {
      what: `indicators.${index}: ${definition.type} cannot take ${quoted(name)} = ${quoted(value)}.`,
      why: problem,
      valid: valid.length === 0 ? ["no parameters at all"] : valid,
      next,
    });
  }
  return definition;
}

/** Dates with about the newest DEFAULT_BARS bars, by the density of the stored ones. */
async function newest(market: { symbol: string; timeframe: string }, { deps, signal }: ToolContext) {
  const range = await deps.reads.range(market.symbol, market.timeframe, signal);
  const [first, last] = [toEpochMs(range.startDate), toEpochMs(range.endDate)];
  const share = Math.min(1, DEFAULT_BARS / Math.max(1, range.points));
  const day = (time: number) => new Date(time).toISOString().slice(0, 10);
  return { startDate: day(last - (last - first) * share), endDate: day(last) };
}

function rows({ definition, params }: Wanted, column: string, series: IndicatorSeries, latest: number) {
  const settings = Object.entries(params).map(([name, value]) => `${name}=${String(value)}`);
  const title = `${definition.type}(${settings.join(", ")})`;
  const warmUp = warmUpBars(definition, params);
  const outputs = definition.outputs.length === 0 ? [null] : definition.outputs;
  return outputs.flatMap((output) => {
    const given = series.values[output === null ? column : `${column}.${output}`];
    if (given === undefined) return [];
    const scale = scaleOf(definition, output);
    const values = withoutFillers(given, scale.unit === "price");
    const warm = values.slice(warmUp);
    const undefinedBars = warm.filter((value) => value === null).length;
    return [
      {
        indicator: output === null ? title : `${title}.${output}`,
        scale: unitText(scale),
        ...seriesSummary(warm),
        ...(undefinedBars === 0 ? {} : { undefined: undefinedBars }),
        ...(definition.repaints === true ? { note: "It repaints: for labels, not for inputs." } : {}),
        ...(latest === 0 ? {} : { latest: latestValues(values, latest) }),
      },
    ];
  });
}

const onBadBars = (market: MarketName, defects: readonly string[], cause: Error): DomainError =>
  new DomainError("bars_unsound", {
    what: `KTRDR could not calculate on the bars of ${market.symbol} ${market.timeframe}.`,
    why: defects.join("; "),
    next: "mend the price file, or choose dates without these bars",
    cause,
  });

function noBars(
  market: { symbol: string; timeframe: string },
  window: { startDate: string; endDate: string },
): DomainError {
  return new DomainError("data_not_found", {
    what: `No bars of ${market.symbol} ${market.timeframe} lie between ${window.startDate} and ${window.endDate}.`,
    next: "list_market_data shows the stored dates",
  });
}
