import { LOOKS_AHEAD } from "../insistence.ts";
import { listFeatures } from "./features.ts";
import { alternatives, shown, type Path } from "./finding.ts";
import { minutesOf } from "./market.ts";
import { parseStrategy } from "./parse.ts";
import type { Examined } from "./rules.ts";
import { ContextSourceSchema } from "./schema.ts";
import { fit, own } from "./shape.ts";

const FRED = "api.stlouisfed.org";
const CFTC = "www.cftc.gov";

/** What each source needs, and why its values come too early: KTRDR puts a value on the day it is about. */
const PROVIDERS = {
  fred: {
    needs: `an API key for FRED (KTRDR_FRED_API_KEY) and a network that reaches ${FRED}`,
    early: "KTRDR puts a day's value on that day's midnight; it is published a day or more later.",
  },
  cftc_cot: {
    needs: `a network that reaches ${CFTC}`,
    early: "KTRDR puts a report on its Tuesday; it is published on the Friday after.",
  },
  ib: { needs: "bars that are stored already", early: null },
} as const;

interface Source {
  readonly provider: string;
  readonly symbol?: string | undefined;
  readonly timeframe?: string | undefined;
  readonly series?: string | readonly string[] | undefined;
  readonly report?: string | undefined;
}

/** Checks data from other sources: what fetching it needs, and which values look ahead. */
export function checkContext(examined: Examined): void {
  const { raw, report } = examined;
  const section = own(raw, "context_data") ?? [];
  if (!Array.isArray(section)) {
    report.error("wrong_value", ["context_data"], {
      what: "context_data is not a list.",
      why: "Each entry is one source.",
      fix: "Write - {provider: fred, series: DGS2}.",
    });
    return;
  }
  const known = new Set<string>();
  for (const [at, entry] of section.entries()) {
    const path = ["context_data", at];
    const source = fit(ContextSourceSchema, entry, path, report);
    if (source === null) continue;
    const ids = idsOf(source);
    for (const id of ids) known.add(id);
    checkSource(source, ids, path, examined);
  }
  checkReferences(known, examined);
}

function checkSource(source: Source, ids: readonly string[], path: Path, examined: Examined): void {
  const { report } = examined;
  const name = Object.keys(PROVIDERS).find((one) => one === source.provider) as keyof typeof PROVIDERS | undefined;
  if (name === undefined) {
    report.error("context_provider", [...path, "provider"], {
      what: `KTRDR has no provider ${shown(source.provider)}.`,
      why: "The training fails when it begins to fetch.",
      fix: `Use ${alternatives(Object.keys(PROVIDERS))}.`,
    });
    return;
  }
  const { needs, early } = PROVIDERS[name];
  const bars = `${source.symbol ?? "?"} ${source.timeframe ?? "1h"}`;
  report.warning("context_needs", path, {
    what: `${name} needs ${needs}${name === "ib" ? `: ${bars}` : ""}.`,
    why: "KTRDR fetches it when a training or a backtest begins, and fails without naming the source.",
    fix: name === "ib" ? `load_market_data for ${bars} first.` : "Ask whoever runs KTRDR whether it has them.",
  });
  const why = early ?? slowerThan(examined, source.timeframe ?? "1h");
  if (why === null || !usedIn(examined).some((id) => typeof id === "string" && ids.includes(id))) return;
  report.error(LOOKS_AHEAD, path, {
    what: `The network sees values of ${name} before anybody could know them.`,
    why,
    fix: "Leave out the indicators that read it (data_source).",
  });
}

const slowerThan = ({ timeframe }: Examined, other: string): string | null =>
  timeframe !== null && (minutesOf(other) ?? 0) > (minutesOf(timeframe) ?? 0)
    ? `KTRDR puts a bar of ${other} on its opening time, with the close that comes later.`
    : null;

/** KTRDR's names for the series of a source. */
function idsOf({ symbol, series = [], report: code }: Source): readonly string[] {
  const many = typeof series === "string" ? [series] : series;
  const [first, second] = many;
  return [
    ...(symbol === undefined ? [] : [symbol]),
    ...many.map((one) => `fred_${one}`),
    ...(first === undefined || second === undefined ? [] : [`yield_spread_${first}_${second}`]),
    ...(code === undefined ? [] : [`cot_${code}_net_pos`, `cot_${code}_net_pct`]),
  ];
}

/** The sources that inputs of the network read. */
function usedIn({ raw, indicators, fuzzySets, timeframes }: Examined): readonly unknown[] {
  const features = listFeatures({ indicators, fuzzySets, inputs: own(raw, "nn_inputs"), timeframes });
  return features.map(({ indicatorId }) => own(own(indicators, indicatorId), "data_source"));
}

function checkReferences(known: ReadonlySet<string>, { indicators, report }: Examined): void {
  for (const [id, entry] of Object.entries(indicators)) {
    const source = own(entry, "data_source");
    if (source === undefined || (typeof source === "string" && known.has(source))) continue;
    report.error("unknown_reference", ["indicators", id, "data_source"], {
      what: `No context_data gives ${shown(source)}.`,
      why: "KTRDR refuses the strategy.",
      fix: `Use ${alternatives([...known]) || "a source of context_data; there is none"}.`,
    });
  }
}

/** What a strategy fetches over a network when it begins, in KTRDR's order, e.g. `fred DGS2 from api.stlouisfed.org`. */
export function remoteSources(text: string): readonly string[] {
  const parsed = parseStrategy(text);
  const section = parsed.ok ? own(parsed.text.value, "context_data") : null;
  if (!Array.isArray(section)) return [];
  return section.flatMap((entry: unknown) => {
    const source = ContextSourceSchema.safeParse(entry);
    if (!source.success) return [];
    const { provider, series = "", report = "" } = source.data;
    if (provider === "fred") return [`fred ${[series].flat().join(" and ")} from ${FRED}`];
    return provider === "cftc_cot" ? [`cftc_cot ${report} from ${CFTC}`] : [];
  });
}
