import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { dataMissing } from "./data.ts";
import { badAnswer, type Refusal } from "./refusal.ts";
import { oneLine } from "../domain/plain-text.ts";
import { endOfDay, isoUtc } from "./text.ts";
import type { Transport } from "./transport.ts";

export interface IndicatorRequest {
  /** Type, class name or alias, e.g. "rsi". */
  readonly id: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly outputName?: string;
}

export interface Calculation {
  readonly symbol: string;
  readonly timeframe: string;
  readonly indicators: readonly IndicatorRequest[];
  /** ISO dates. */
  readonly startDate?: string;
  readonly endDate?: string;
}

export interface IndicatorSeries {
  /** ISO-8601 UTC, one per bar. */
  readonly times: readonly string[];
  /** The values by column name, as many as `times`; null where there is none. KTRDR fills some warm-ups with 0. */
  readonly values: Readonly<Record<string, readonly (number | null)[]>>;
}

export interface Indicators {
  /**
   * Computes over the whole window, however many pages KTRDR cuts it into.
   * @throws DomainError `data_not_found`; `ktrdr_rejected` for unknown indicators, wrong parameters and failed
   *   computing
   */
  calculate(request: Calculation, signal?: AbortSignal): Promise<IndicatorSeries>;
}

const UNKNOWN = "CONFIG-UnknownIndicator";

/** Rows of a page (KTRDR's largest), and the most pages of a calculation. */
const PAGE_ROWS = 10_000;
const MAX_PAGES = 50;

const PageWire = z.looseObject({
  dates: z.array(z.string()),
  indicators: z.record(z.string(), z.array(z.number().nullable())),
  metadata: z.looseObject({ total_pages: z.number().int().nullish(), has_next: z.boolean().nullish() }).nullish(),
});
type Page = z.infer<typeof PageWire>;

/** Faults of the request that KTRDR reports as 404 or 500 (docs/ktrdr.md §2.4, §9.5). */
function calculationRefused(request: Calculation, refusal: Refusal): DomainError | undefined {
  const code = refusal.code ?? "";
  const ownFault = code.startsWith("INDICATOR-") || code.startsWith("CONFIG-") || code.startsWith("PROC-");
  if (!ownFault) return dataMissing(request.symbol, request.timeframe, refusal);
  return new DomainError("ktrdr_rejected", {
    what: "KTRDR cannot calculate these indicators.",
    why: oneLine([refusal.message, refusal.detail].filter((part) => part !== "").join(" | ")),
    next: "list_indicators shows types, parameters and their ranges.",
  });
}

function join(pages: readonly Page[], what: string): IndicatorSeries {
  const times = pages.flatMap((page) => page.dates.map(isoUtc));
  const names = Object.keys(pages[0]?.indicators ?? {});
  const values = names.map((name) => [name, pages.flatMap((page) => page.indicators[name] ?? [])] as const);
  if (values.some(([, column]) => column.length !== times.length)) {
    throw badAnswer("read", what, "Columns and dates differ in length.");
  }
  return { times, values: Object.fromEntries(values) };
}

const WHAT = "The indicator values";

function fetchPage(
  { api }: Transport,
  request: Calculation,
  page: number,
  signal: AbortSignal | undefined,
  onRefusal: (refusal: Refusal) => void = () => undefined,
): Promise<Page> {
  return api({
    method: "POST",
    path: "/api/v1/indicators/calculate",
    query: { page, page_size: PAGE_ROWS },
    body: {
      symbol: request.symbol,
      timeframe: request.timeframe,
      // JSON leaves out keys that are undefined.
      indicators: request.indicators.map(({ id, parameters, outputName }) => ({
        id,
        parameters,
        output_name: outputName,
      })),
      start_date: request.startDate,
      end_date: endOfDay(request.endDate),
    },
    nature: "read",
    what: WHAT,
    answer: PageWire,
    maxBytes: 32 * 1024 * 1024,
    refine: (refusal) => {
      onRefusal(refusal);
      return calculationRefused(request, refusal);
    },
    signal,
  });
}

/** KTRDR knows no indicator until it has listed them once, or checked a strategy (docs/ktrdr.md §2.4). */
const haveItLearn = ({ api }: Transport, signal: AbortSignal | undefined): Promise<unknown> =>
  api({
    method: "GET",
    path: "/api/v1/indicators/",
    nature: "read",
    what: "The list of indicators",
    answer: z.unknown(),
    signal,
  });

async function fetchFirstPage(
  transport: Transport,
  request: Calculation,
  signal: AbortSignal | undefined,
): Promise<Page> {
  let unknown = false;
  try {
    return await fetchPage(transport, request, 1, signal, ({ code }) => void (unknown = code === UNKNOWN));
  } catch (error) {
    if (!unknown) throw error;
    await haveItLearn(transport, signal);
    return await fetchPage(transport, request, 1, signal);
  }
}

export function createIndicators(transport: Transport): Indicators {
  return {
    async calculate(request, signal) {
      const pages = [await fetchFirstPage(transport, request, signal)];
      // For a page beyond the end KTRDR answers the last one, so only `has_next` tells when to stop.
      while (pages.at(-1)?.metadata?.has_next === true) {
        if (pages.length === MAX_PAGES) throw tooLong();
        pages.push(await fetchPage(transport, request, pages.length + 1, signal));
      }
      return join(pages, WHAT);
    },
  };
}

const tooLong = (): DomainError =>
  new DomainError("invalid_input", {
    what: "The window is too long to calculate indicators over.",
    why: `It has more than ${MAX_PAGES * PAGE_ROWS} bars.`,
    next: "Ask for a shorter window.",
  });
