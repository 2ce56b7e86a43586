/** Every view of the page, by its path. A new one is a file beside this one, and a line here. */
import { LEDGER_CHECK } from "../places.ts";
import type { MakeView } from "../request.ts";
import { oneApproval } from "./approval.ts";
import { approvals } from "./approvals.ts";
import { oneExperiment } from "./experiment.ts";
import { experiments } from "./experiments.ts";
import { oneInsight } from "./insight.ts";
import { insights } from "./insights.ts";
import { ledger } from "./ledger.ts";
import { ledgerVerification } from "./ledger-verification.ts";
import { luckOfSymbol, luckOfSymbols } from "./luck.ts";
import { oneRun } from "./run.ts";
import { runs } from "./runs.ts";
import { shortlisted } from "./shortlist.ts";
import { sinceYouLooked } from "./since-you-looked.ts";
import { strategies } from "./strategies.ts";
import { oneStrategy } from "./strategy.ts";

export const VIEWS: Readonly<Record<string, MakeView>> = {
  "/": sinceYouLooked,
  "/approvals": approvals,
  "/approvals/:id": oneApproval,
  "/luck": luckOfSymbols,
  "/luck/:id": luckOfSymbol,
  "/shortlist": shortlisted,
  "/runs": runs,
  "/runs/:id": oneRun,
  "/strategies": strategies,
  "/strategies/:id": oneStrategy,
  "/experiments": experiments,
  "/experiments/:id": oneExperiment,
  "/insights": insights,
  "/insights/:id": oneInsight,
  "/ledger": ledger,
  [LEDGER_CHECK]: ledgerVerification,
};
