import { sliceBars } from "../../engine/bars.ts";
import { readBars } from "../../engine/price-file.ts";
import type { Bars } from "../../engine/bars.ts";
import { EngineError } from "../../engine/errors.ts";
import { computeIndicator, findIndicator, INDICATORS } from "../../engine/indicators/registry.ts";
import type { IndicatorSpec } from "../../engine/indicators/spec.ts";
import { wrapped } from "../../http/errors.ts";
import type { HttpError } from "../../http/errors.ts";
import { checkTimeframe, naiveStamp, parseIsoDate, readBody, Validator } from "../../http/validation.ts";
import type { ApiContext, SandboxApp } from "../context.ts";

/** Every indicator lists the same two made-up parameters. KTRDR's own list is as useless (docs/ktrdr.md §2.4). */
const LISTED_PARAMETERS = [
  { name: "period", type: "int", description: "Period", default: 14, min_value: null, max_value: null, options: null },
  {
    name: "source",
    type: "str",
    description: "Source",
    default: "close",
    min_value: null,
    max_value: null,
    options: null,
  },
];

function listItem(spec: IndicatorSpec): Record<string, unknown> {
  return {
    id: spec.className,
    name: spec.name,
    description: `\n${spec.name}`,
    type: spec.category,
    parameters: LISTED_PARAMETERS,
    resources: {},
  };
}

interface IndicatorRequest {
  id: string;
  parameters: Record<string, unknown>;
  outputName: string | undefined;
}

function indicatorsFrom(input: Validator, value: unknown): IndicatorRequest[] {
  if (value === undefined) input.fail("indicators", "Field required", "missing");
  if (!Array.isArray(value)) {
    if (value !== undefined) input.fail("indicators", "Input should be a valid list", "list_type");
    return [];
  }
  if (value.length === 0) input.fail(undefined, "At least one indicator must be specified");
  return value.map((one: unknown, index) => {
    const entry = (typeof one === "object" && one !== null ? one : {}) as Record<string, unknown>;
    const { id, parameters, output_name: outputName } = entry;
    if (typeof id !== "string") input.fail(`indicators -> ${index} -> id`, "Field required", "missing");
    return {
      id: typeof id === "string" ? id : "",
      parameters: (parameters ?? {}) as Record<string, unknown>,
      outputName: typeof outputName === "string" ? outputName : undefined,
    };
  });
}

const UNKNOWN = "CONFIG-UnknownIndicator";

const unknown = ({ id }: IndicatorRequest): HttpError =>
  wrapped(400, UNKNOWN, `[${UNKNOWN}] Unknown indicator: ${id}`, { indicator_id: id });

function computeError(request: IndicatorRequest, error: unknown): HttpError {
  if (!(error instanceof EngineError)) {
    const text = error instanceof Error ? error.message : String(error);
    return wrapped(500, "PROC-CalculationFailed", "Failed to calculate indicator", { error: text });
  }
  if (error.code === UNKNOWN) return unknown(request);
  if (error.code === "INDICATOR-InvalidParameters") return wrapped(404, error.code, error.message, error.details);
  return wrapped(500, "PROC-CalculationFailed", error.message, { ...error.details });
}

/** Columns by name. Of several outputs each has a dotted column, and the first one has another without a dot. */
function columnsOf(request: IndicatorRequest, bars: Bars): [string, Float64Array][] {
  const { period } = request.parameters;
  const name = request.outputName ?? (typeof period === "number" ? `${request.id}_${period}` : request.id);
  try {
    const columns = computeIndicator(request.id, request.parameters, bars);
    const outputs = findIndicator(request.id)?.outputs ?? [];
    if (outputs.length === 0) return Object.values(columns).map((column) => [name, column]);
    const dotted = Object.entries(columns).map(([output, column]): [string, Float64Array] => [
      `${name}.${output}`,
      column,
    ]);
    const first = columns[outputs[0] ?? ""];
    return first === undefined ? dotted : [...dotted, [name, first]];
  } catch (error) {
    throw computeError(request, error);
  }
}

async function loadWindow(
  api: ApiContext,
  request: { symbol: string; timeframe: string; start: string | undefined; end: string | undefined },
): Promise<Bars> {
  const { symbol, timeframe, start, end } = request;
  const [from, to] = [start, end].map((text) => {
    const time = text === undefined ? undefined : parseIsoDate(text);
    if (text === undefined || time !== undefined) return time;
    const message = "An unexpected error occurred during indicator calculation";
    throw wrapped(500, "PROC-UnexpectedError", message, { error: `Invalid isoformat string: '${text}'` });
  });
  const error = `No data found in cache for ${symbol} ${timeframe}`;
  const details = { symbol, timeframe, start_date: start ?? null, end_date: end ?? null, error };
  const failure = wrapped(404, "DATA-LoadFailed", `Failed to load data for ${symbol} (${timeframe})`, details);
  try {
    const bars = sliceBars(await readBars(api.folder.data, symbol, timeframe), from, to);
    if (bars.length > 0) return bars;
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause;
  }
  throw failure;
}

function paging(total: number, page: number, pageSize: number) {
  const pages = Math.max(1, Math.ceil(total / pageSize));
  const current = Math.min(page, pages);
  const shape = { total_items: total, total_pages: pages, current_page: current, page_size: pageSize };
  return { from: (current - 1) * pageSize, shape: { ...shape, has_next: current < pages, has_prev: current > 1 } };
}

/** Catalogue and calculation (docs/ktrdr.md §2.4). Everything is computed on the window alone, then cut into pages. */
export function indicatorRoutes(app: SandboxApp, api: ApiContext): void {
  app.get("/api/v1/indicators/", (c) => {
    api.indicators.learn();
    return c.json({ success: true, data: INDICATORS.map((one) => listItem(one)), error: null });
  });

  app.post("/api/v1/indicators/calculate", async (c) => {
    const query = new Validator(c.req.query(), "query");
    const page = query.whole("page", 1, 1);
    const pageSize = query.whole("page_size", 1000, 1, 10_000);
    query.check();
    const body = await readBody(c);
    const input = new Validator(body, "body");
    const symbol = input.text("symbol");
    const timeframe = input.text("timeframe");
    const [start, end] = [input.optionalText("start_date"), input.optionalText("end_date")];
    checkTimeframe(input, timeframe);
    const requests = indicatorsFrom(input, body["indicators"]);
    input.check();
    const bars = await loadWindow(api, { symbol, timeframe, start, end });
    const [first] = requests;
    if (!api.indicators.any && first !== undefined) throw unknown(first);
    const columns = requests.flatMap((one) => columnsOf(one, bars));
    const { from, shape } = paging(bars.length, page, pageSize);
    const stamp = (index: number): string => naiveStamp(bars.time[index] ?? 0, " ");
    const cut = (column: Float64Array): number[] =>
      Array.from(column.subarray(from, from + pageSize), (value) => (Number.isFinite(value) ? value : 0));
    return c.json({
      success: true,
      dates: Array.from({ length: Math.min(pageSize, bars.length - from) }, (_, index) => stamp(from + index)),
      indicators: Object.fromEntries(columns.map(([name, column]) => [name, cut(column)])),
      metadata: {
        symbol,
        timeframe,
        start_date: stamp(0),
        end_date: stamp(bars.length - 1),
        points: bars.length,
        ...shape,
      },
    });
  });
}
