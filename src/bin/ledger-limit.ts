/** Shows, sets or ends the operator's limit of trials on a symbol. */
import { DomainError } from "../domain/errors.ts";
import { symbolAdvice } from "../domain/market-data.ts";
import { minuteText } from "../domain/research-control.ts";
import type { Ledger, TrialLimit } from "../store/ledger.ts";
import { say, Usage } from "./command.ts";
import { reasonOf } from "./research-command.ts";

/** @param words what was typed: a symbol, and a number or `off`; both may be missing */
export async function limitTrials(
  ledger: Pick<Ledger, "limits" | "setLimit">,
  [symbol, wanted]: readonly string[],
  given: string | undefined,
  by: string,
): Promise<void> {
  if (wanted === undefined && given !== undefined) throw new Usage("A reason belongs to a number, or to off.");
  // A name that KTRDR never sees would look like a limit, and hold nothing back.
  const advice = symbol === undefined ? null : symbolAdvice(symbol);
  if (advice !== null) throw new Usage(`"${symbol ?? ""}" is no symbol: ${advice}`);
  if (symbol !== undefined && wanted !== undefined) {
    const limit = limitOf(wanted);
    const reason = reasonOf(given);
    if (reason === null) throw withoutReason();
    await ledger.setLimit({ symbol, limit, reason, by });
  }
  const limits = (await ledger.limits()).filter((one) => symbol === undefined || one.symbol === symbol);
  if (limits.length === 0) say(symbol === undefined ? "No limit is set." : `No limit is set for ${symbol}.`);
  for (const limit of limits) say(lineOf(limit));
}

const MOST = 1_000_000;

/** Null for none. */
function limitOf(wanted: string): number | null {
  if (wanted === "off") return null;
  if (/^\d{1,7}$/.test(wanted) && Number(wanted) <= MOST) return Number(wanted);
  throw new Usage(`"${wanted}" is no number of backtests from 0 to ${MOST}.`);
}

const withoutReason = (): DomainError =>
  new DomainError("invalid_input", {
    what: "A limit is set, raised or ended for a reason only.",
    why: "The reason stands in the ledger: whoever reads a figure later can see what was allowed, and why.",
    next: "repeat the command with --reason",
  });

const lineOf = ({ symbol, limit, left, at, by, reason }: TrialLimit): string =>
  `${symbol}: ${limit} backtests may show their figures, ${Math.max(0, left)} of them are left. Set ${minuteText(at)} by ${by}: ${reason}`;
