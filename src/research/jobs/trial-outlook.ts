/** What the trials of a symbol allow a request, and what they still can show. The admission holds the limit exactly. */
import { trialsOfFinalist } from "../../domain/campaign/reckoning.ts";
import { isDomainError, type DomainError } from "../../domain/errors.ts";
import type { JobRequest } from "../../domain/kinds/index.ts";
import { powerText } from "../../domain/luck/power.ts";
import {
  finalistsRunShort,
  noFinalistLeft,
  trialsAskedFor,
  trialsRunShort,
  trialsUsedUp,
} from "../../domain/luck/trial-limit.ts";
import type { DateWindow } from "../../domain/market-data.ts";
import { yearsOf } from "../../domain/results/sharpe-error.ts";
import type { TrialStanding } from "../../store/ledger.ts";
import type { Deps } from "../ports.ts";

export interface TrialOutlook {
  /** Why nothing may begin; null when something may. */
  readonly refusal: DomainError | null;
  /** Where fewer trials are left than are asked for. */
  readonly warnings: readonly string[];
  /** What can still be shown; null for several markets or test windows, and while the record does not answer. */
  readonly power: string | null;
}

const NOTHING: TrialOutlook = { refusal: null, warnings: [], power: null };

/** Never rejects because the record is down. */
export async function trialOutlook({ records }: Deps, request: JobRequest): Promise<TrialOutlook> {
  const asked = trialsAskedFor(request);
  if (asked.size === 0) return NOTHING;
  const standings = await records.ledger.standings([...asked.keys()]).catch((error: unknown) => {
    if (isDomainError(error, "database_unavailable")) return null;
    throw error;
  });
  if (standings === null) return NOTHING;
  const limited = [...standings].flatMap(([symbol, { left }]) => (left === null ? [] : [{ symbol, left }]));
  const runShort = request.kind === "campaign" ? finalistsRunShort : trialsRunShort;
  const least = request.kind === "campaign" ? trialsOfFinalist(request) : 1;
  const usedUp = limited.find(({ left }) => left < least);
  const short = limited.filter(({ symbol, left }) => (asked.get(symbol) ?? 0) > left);
  return {
    refusal: usedUp === undefined ? null : refusalOf(usedUp, least),
    warnings: short.map(({ symbol, left }) => runShort(symbol, asked.get(symbol) ?? 0, left)),
    power: powerOfRequest(request, asked, standings),
  };
}

const refusalOf = ({ symbol, left }: { readonly symbol: string; readonly left: number }, least: number) =>
  left <= 0 ? trialsUsedUp(symbol) : noFinalistLeft(symbol, left, least);

function powerOfRequest(
  request: JobRequest,
  asked: ReadonlyMap<string, number>,
  standings: ReadonlyMap<string, TrialStanding>,
): string | null {
  const [[symbol, coming], another] = [...asked] as [[string, number], unknown];
  const window = testWindow(request);
  const standing = standings.get(symbol);
  if (another !== undefined || window === null || standing === undefined) return null;
  return powerText({ symbol, coming, years: yearsOf(window), tried: standing.count, left: standing.left });
}

/** The days that are looked at; null when they are not the same for all. */
function testWindow(request: JobRequest): DateWindow | null {
  if (request.kind === "backtest" || request.kind === "walk_forward" || request.kind === "campaign") return request;
  if (request.kind !== "batch" || request.periods.length > 1) return null;
  return request.periods[0]?.test ?? null;
}
