/** Sets a holdout: divides the price file, and writes it down. */
import { DomainError } from "../domain/errors.ts";
import { ENOUGH_YEARS, powerLines, type Cut } from "../domain/holdout/holdout.ts";
import { HOLDOUT_ALPHA } from "../domain/holdout/spending.ts";
import { holdoutOf, isHoldout } from "../domain/holdout/symbol.ts";
import { isIsoDate, isSymbol, isTimeframe, symbolAdvice, TIMEFRAMES } from "../domain/market-data.ts";
import { assertDivisible, divide, keptName, openName } from "../ktrdr/holdout-files.ts";
import { filesBeyond, isOpenFile } from "../ktrdr/holdout-state.ts";
import type { Holdout, HoldoutStore } from "../store/holdouts.ts";
import type { Ledger } from "../store/ledger.ts";
import { remark, say } from "./command.ts";

export interface HoldoutParts {
  readonly store: HoldoutStore;
  readonly ledger: Pick<Ledger, "trials">;
  /** KTRDR's data folder as this machine sees it. */
  readonly dataDir: string | undefined;
  /** Who types the command. */
  readonly by: string;
}

/**
 * @throws DomainError `invalid_input` for a market or a day that cannot be kept back, or that is already; those of dividing
 *   the file
 */
export async function setHoldout({ store, ledger, dataDir, by }: HoldoutParts, cut: Cut): Promise<void> {
  assertMarket(cut);
  const known = (await store.all()).find((one) => one.symbol === cut.symbol && one.timeframe === cut.timeframe);
  if (known !== undefined && known.startDate !== cut.startDate) throw setBefore(known, cut);
  const dir = await assertDivisible(dataDir, cut);
  if (known !== undefined && !(await filesBeyond(dir, cut)).some((name) => isOpenFile(name, cut))) {
    throw isComplete(known);
  }
  let years = 0;
  await divide(
    dir,
    cut,
    async (file) => {
      years = file.years;
      await store.add({ ...cut, ...file, alpha: HOLDOUT_ALPHA, setBy: by });
    },
    (step) => remark(`${step} ...`),
  );
  say(`${openName(cut)} ends before ${cut.startDate}. ${keptName(cut)} keeps the rest, for its owner only.`);
  powerLines(years, HOLDOUT_ALPHA).forEach(say);
  const seen = (await ledger.trials(cut.symbol, { startDate: cut.startDate, endDate: "9999-12-31" })).onTheseDays;
  if (seen > 0) {
    say(
      `WARNING: ${seen === 1 ? "one backtest has" : `${seen} backtests have`} shown figures of these days already. Strategies that learnt from them are examined on what they saw.`,
    );
  }
  for (const name of await filesBeyond(dir, cut)) {
    say(`WARNING: ${name} still holds bars of these days. Set its holdout too.`);
  }
}

function assertMarket({ symbol, timeframe, startDate }: Readonly<Record<keyof Cut, string>>): void {
  const refuse = (what: string, valid: readonly string[], next: string) => {
    throw new DomainError("invalid_input", { what, valid, next });
  };
  if (isHoldout(symbol)) refuse(`${symbol} is itself a holdout.`, [], "name the open symbol");
  if (!isSymbol(symbol) || symbolAdvice(symbol) !== null) {
    refuse(`"${symbol}" is no symbol of a price file.`, [], symbolAdvice(symbol) ?? "name it as the file does");
  }
  if (!isSymbol(holdoutOf(symbol))) {
    refuse(
      `${symbol} is too long: KTRDR takes 20 characters, and ${holdoutOf("")} is added.`,
      [],
      "rename its price files",
    );
  }
  if (!isTimeframe(timeframe))
    refuse(`"${timeframe}" is no timeframe.`, TIMEFRAMES, "repeat the command with one of them");
  const isDay: boolean = isIsoDate(startDate);
  if (!isDay) refuse(`"${startDate}" is no day.`, [], "write the first day to keep back as YYYY-MM-DD");
}

function setBefore({ symbol, timeframe, startDate }: Holdout, wanted: Cut): DomainError {
  const earlier = wanted.startDate < startDate;
  return new DomainError("invalid_input", {
    what: `The holdout of ${symbol} ${timeframe} is set from ${startDate} on; it cannot be moved to ${wanted.startDate}.`,
    why: earlier
      ? "The days before it were open: whoever looked at them cannot be examined on them."
      : "The days in between would be given away, and cannot be kept back again.",
    next: `leave it. Bars after its last day are kept back by themselves when they are loaded; nothing was changed`,
  });
}

const isComplete = ({ symbol, timeframe, startDate, setAt, setBy }: Holdout): DomainError =>
  new DomainError("invalid_input", {
    what: `The holdout of ${symbol} ${timeframe} is set from ${startDate} on already.`,
    why: `It was set at ${setAt} by ${setBy}, and is complete. Nothing was changed.`,
    next: "`ktrdr-mcp holdout status` shows it",
  });

/** The holdout's years, in words. */
export const yearsText = (years: number): string =>
  `${years.toFixed(1)} years${years < ENOUGH_YEARS ? " (short)" : ""}`;
