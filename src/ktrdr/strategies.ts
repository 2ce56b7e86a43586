import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { segment } from "./allow-list.ts";
import type { Refusal } from "./refusal.ts";
import { oneLine } from "../domain/plain-text.ts";
import type { Transport } from "./transport.ts";

export interface StrategyIssue {
  readonly severity: "error" | "warning";
  readonly category: string;
  /** KTRDR's words, one line, at most 600 characters. */
  readonly message: string;
}

/** KTRDR's own verdict: it lets much through that fails later (contract §2.6). */
export interface StrategyVerdict {
  readonly valid: boolean;
  /** False when KTRDR could not even read the file. */
  readonly readable: boolean;
  readonly issues: readonly StrategyIssue[];
  /** Indicator type names that the running KTRDR knows. */
  readonly availableIndicators: readonly string[];
}

export interface StrategyFeature {
  readonly featureId: string;
  readonly timeframe: string;
  readonly fuzzySet: string;
  readonly membership: string;
  readonly indicatorId: string;
  readonly indicatorOutput: string | null;
}

export interface Strategies {
  /** `name` is the file stem. @throws DomainError `strategy_not_found` */
  validate(name: string, signal?: AbortSignal): Promise<StrategyVerdict>;
  /** The network's inputs in order. @throws DomainError `strategy_not_found`, `strategy_invalid` */
  features(name: string, signal?: AbortSignal): Promise<readonly StrategyFeature[]>;
}

const text = z.string().nullish();

const VerdictWire = z.looseObject({
  success: z.boolean(),
  valid: z.boolean(),
  issues: z.array(z.looseObject({ severity: z.string(), category: text, message: text })).nullish(),
  available_indicators: z.array(z.string()).nullish(),
});

const FeaturesWire = z.looseObject({
  features: z.array(
    z.looseObject({
      feature_id: z.string(),
      timeframe: z.string(),
      fuzzy_set: text,
      membership: text,
      indicator_id: text,
      indicator_output: text,
    }),
  ),
});

function strategyRefused(name: string, refusal: Refusal): DomainError | undefined {
  const { status, message, fromKtrdr } = refusal;
  if (!fromKtrdr) return undefined;
  if (status === 404) {
    return new DomainError("strategy_not_found", {
      what: `KTRDR has no strategy file ${name}.yaml.`,
      why: message,
      next: "list_strategies shows the strategies of the shared folder.",
    });
  }
  // Semantic faults come as 500 here, broken files as 400 (contract §2.6).
  const semantic = status === 500 && /validation failed/i.test(message);
  if (status !== 400 && !semantic) return undefined;
  return new DomainError("strategy_invalid", {
    what: `KTRDR cannot use the strategy ${name}.`,
    why: message,
    next: "validate_strategy says where and why.",
  });
}

export function createStrategies({ api }: Transport): Strategies {
  return {
    async validate(name, signal) {
      const answer = await api({
        method: "POST",
        path: `/api/v1/strategies/validate/${segment(name, "strategy name")}`,
        nature: "read",
        what: `The validation of ${name}`,
        answer: VerdictWire,
        failureIsAnswer: true,
        refine: (refusal) => strategyRefused(name, refusal),
        signal,
      });
      return {
        valid: answer.valid,
        readable: answer.success,
        issues: (answer.issues ?? []).slice(0, 100).map(({ severity, category, message }) => ({
          severity: severity === "warning" ? "warning" : "error",
          category: oneLine(category ?? "", 60),
          message: oneLine(message ?? "", 600),
        })),
        availableIndicators: answer.available_indicators ?? [],
      };
    },

    async features(name, signal) {
      const answer = await api({
        method: "GET",
        path: `/api/v1/strategies/${segment(name, "strategy name")}/features`,
        nature: "read",
        what: `The features of ${name}`,
        answer: FeaturesWire,
        refine: (refusal) => strategyRefused(name, refusal),
        signal,
      });
      return answer.features.map((feature) => ({
        featureId: feature.feature_id,
        timeframe: feature.timeframe,
        fuzzySet: feature.fuzzy_set ?? "",
        membership: feature.membership ?? "",
        indicatorId: feature.indicator_id ?? "",
        indicatorOutput: feature.indicator_output ?? null,
      }));
    },
  };
}
