/** What the record says about a candidate, before any gate judges it. Gathered by the server alone. Zod-free. */
import type { RunLuck } from "../luck/run-luck.ts";
import type { Caveat, Engine } from "../result.ts";
import type { Sample } from "./sample.ts";

/** A finished walk-forward of the candidate's strategy text on its market, at its costs or more. */
export interface WalkOnRecord {
  readonly jobId: string;
  /** Standard errors that the mean return lies above 0; null when nothing varies. */
  readonly t: number | null;
  readonly windows: number;
  /** Windows with a Sharpe ratio above 0. */
  readonly positive: number;
}

/** A finished backtest of the candidate's model on its days that paid twice the costs or more. */
export interface CostlyRun {
  readonly jobId: string;
  /** Ratios of traded value for each fill. */
  readonly commission: number;
  readonly slippage: number;
  /** Ratio over the window. */
  readonly totalReturn: number;
}

/** The candidate's backtest, or the same one of another training of the same request. */
export interface DrawOnRecord {
  readonly jobId: string;
  /** Annual; null of one that never traded. */
  readonly sharpe: number | null;
}

/** Whether a campaign's choice among its finalists is overfitted; nulls are not told. */
export interface CampaignOnRecord {
  readonly jobId: string;
  readonly finalists: number | null;
  /** Shares of splits (domain/luck/overfitting.ts). */
  readonly probability: number | null;
  readonly loses: number | null;
}

/** Another candidate with the same rules on the same market that a human rejected. */
export interface RejectionOnRecord {
  readonly jobId: string;
  readonly strategy: string;
  /** In the human's words. */
  readonly reason: string | null;
}

export interface CandidateFacts {
  readonly jobId: string;
  readonly strategy: string;
  readonly symbol: string;
  readonly timeframe: string;
  /** YYYY-MM-DD, both included. */
  readonly startDate: string;
  readonly endDate: string;
  readonly trainingJobId: string | null;
  /** Ratios of traded value for each fill. */
  readonly commission: number;
  readonly slippage: number;
  readonly trades: number;
  /** Annual; null where it is not defined. */
  readonly sharpe: number | null;
  readonly totalReturn: number;
  /** A positive ratio. */
  readonly maxDrawdown: number;
  readonly engine: Engine;
  /** Among everything that was tried on the symbol until now. */
  readonly luck: RunLuck;
  /** Whether the strategy saw the future (`looks_ahead`). */
  readonly branded: boolean;
  /** Where its days lie, seen from those of its training. */
  readonly sample: Sample;
  /** Of its own result. Texts may quote others. */
  readonly caveats: readonly Caveat[];
  /** What a complete record has and this one lacks, in words; empty when it is complete. */
  readonly lacks: readonly string[];
  /** Newest first, as all lists here. */
  readonly walks: readonly WalkOnRecord[];
  readonly costly: readonly CostlyRun[];
  readonly draws: readonly DrawOnRecord[];
  /** Models of the same training whose backtest is missing. */
  readonly untested: number;
  /** The newest measurement; null when it was not measured. */
  readonly measurement: {
    readonly jobId: string;
    readonly differs: number;
    /** Of the measurement. */
    readonly caveats: readonly Caveat[];
  } | null;
  /** Campaigns that backtested its strategy text on its market. */
  readonly campaigns: readonly CampaignOnRecord[];
  /** Under whatever name. */
  readonly rejections: readonly RejectionOnRecord[];
  /** The first day that is kept back of its symbol and timeframe; null without a holdout. */
  readonly keptFrom: string | null;
  /** The look that was taken of it; null without one, `passed` is null while it is open. */
  readonly look: { readonly jobId: string; readonly passed: boolean | null } | null;
}
