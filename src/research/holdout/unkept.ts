import { cutOf, keptBack, reachesKept } from "../../domain/holdout/holdout.ts";
import { lockedOut, namesHoldout } from "../../domain/holdout/symbol.ts";
import type { JobRequest } from "../../domain/kinds/index.ts";
import type { DateWindow } from "../../domain/market-data.ts";
import type { Deps } from "../ports.ts";

type Reads = Pick<Deps, "reads">;

/**
 * Checks that a request neither names a holdout nor reaches into the days that one keeps back, whatever tool makes it.
 * @throws DomainError `holdout_locked`, `data_not_found`
 */
export async function assertUnkept({ reads }: Reads, request: JobRequest): Promise<void> {
  if (namesHoldout(request)) throw lockedOut();
  const error = reachesKept(request, await reads.cuts());
  if (error !== null) throw error;
}

/**
 * Checks that a window of a market ends before the days that are kept back, so that it is said where its bars end.
 * @throws DomainError `data_not_found`
 */
export async function assertOpenDays(
  { reads }: Reads,
  { symbol, timeframe }: { readonly symbol: string; readonly timeframe: string },
  { endDate }: Pick<DateWindow, "endDate">,
): Promise<void> {
  const cut = cutOf(await reads.cuts(), symbol, timeframe);
  if (cut !== null && endDate.slice(0, 10) >= cut.startDate) throw keptBack(cut);
}
