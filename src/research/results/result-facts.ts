import { chance, compact, engineText, rounded, type Detail, type Facts } from "../../domain/facts.ts";
import { isInsistence } from "../../domain/insistence.ts";
import { championOf, partOf, prefixOf } from "../../domain/batch.ts";
import { CANDIDATE_LUCK } from "../../domain/luck/luck.ts";
import type { RunLuck } from "../../domain/luck/run-luck.ts";
import type { Told } from "../../domain/kinds/define-kind.ts";
import { kindOf, type JobResult } from "../../domain/kinds/index.ts";
import { isTold } from "../../domain/results/backtest-caveats.ts";
import { spread } from "../../domain/statistics.ts";
import type { JobRecord } from "../../store/job-row.ts";
import type { InSample } from "../jobs/in-sample.ts";

interface ResultFacts extends Told {
  readonly luck?: ReturnType<typeof luckFacts>;
  readonly in_sample?: boolean | "unknown";
  readonly caveats?: string[];
  readonly produced_by: Facts;
  readonly next: string;
}

/** What stands beside a backtest's figures: whether its days are those of the training, and how far luck explains it. */
export interface Beside {
  readonly sample: InSample;
  readonly luck: RunLuck;
  /** Backtests of other models with equal figures. */
  readonly twins: readonly string[];
  /** Sharpe ratios of all draws of the same strategy on the same days, its own among them. */
  readonly draws: readonly number[];
}

/**
 * A result as Claude reads it: short, corrected figures first.
 * @param said what must be read before all other caveats
 */
export function resultFacts(
  result: JobResult,
  job: JobRecord,
  detail: Detail,
  beside: Beside | null,
  said: readonly string[] = [],
): ResultFacts {
  const first = result.caveats.filter(isInsistence);
  const luckIsTold = beside !== null && beside.luck.probability !== null;
  const others = result.caveats.filter((caveat) => !isInsistence(caveat) && isTold(caveat, detail, luckIsTold));
  const texts = [
    said,
    first.map(({ text }) => text),
    beside?.sample.caveat ?? [],
    drawsText(beside?.draws ?? []),
    twinsText(beside?.twins ?? []),
    // Of a window or a watch they would tell the figures, which its walk-forward or champion tells.
    ["window", "watch"].includes(partOf(job.request) ?? "") ? [] : others.map(({ text }) => text),
  ];
  const caveats = texts.flat();
  const brief = detail === "brief";
  return {
    ...kindOf(result.kind).told(result, detail),
    ...(beside === null ? {} : { luck: luckFacts(beside.luck, detail), in_sample: beside.sample.inSample }),
    ...(caveats.length === 0 ? {} : { caveats: brief ? briefly(caveats) : caveats }),
    produced_by: brief ? { engine: engineText(result.engine) } : provenance(result, job, detail),
    next: nextOf(result, job, beside),
  };
}

function nextOf({ kind }: JobResult, { jobId, request, parentJobId }: JobRecord, beside: Beside | null): string {
  const measures = prefixOf(request);
  if (measures !== null) return `get_results with ${parentJobId ?? measures}: what the prefixes show together.`;
  if (partOf(request) === "window")
    return `get_results with ${parentJobId ?? "the walk-forward"}: all windows together.`;
  const champion = championOf(request);
  if (champion !== null) return `list_candidates {"task_id": "${champion}"}: what its days after the approval show.`;
  const { probability = null } = beside?.luck ?? {};
  return kind !== "backtest" || probability === null || probability > CANDIDATE_LUCK
    ? kindOf(kind).next
    : `measure_equity with ${jobId}: years, time under water, and whether it is more than holding. ${kindOf(kind).next}`;
}

function luckFacts({ trials, probability, bars, standard, published, sentence }: RunLuck, detail: Detail) {
  const more = {
    probability: chance(probability),
    ...(detail === "brief"
      ? {}
      : { bar_half: rounded(bars?.half ?? null), bar_twentieth: rounded(bars?.twentieth ?? null) }),
    ...(detail === "brief" || standard === null
      ? {}
      : { psr: chance(standard.psr), dsr: chance(standard.dsr), minimum_years: rounded(standard.minimumYears) }),
    ...(detail === "full" && published !== null
      ? { dsr_2014: chance(published.dsr2014), psr_2025: chance(published.psr2025) }
      : {}),
  };
  return { says: sentence, trials, ...compact(more) };
}

const twinsText = (twins: readonly string[]): string[] =>
  twins.length === 0
    ? []
    : [
        `The same figures to the last digit as ${twins.join(", ")}, of another model: count them as one finding, not as two.`,
      ];

/** A single draw, opened alone, says nothing of the others. */
function drawsText(draws: readonly number[]): string[] {
  const all = spread(draws);
  if (all === null || all.n < 2) return [];
  const [least, middle, most] = [all.min, all.median, all.max].map((sharpe) => sharpe.toFixed(2));
  return [
    `One of ${all.n} draws of this strategy on these days: Sharpe ${least} to ${most}, ${middle} in the middle. The middle counts, not the best.`,
  ];
}

function briefly(caveats: readonly string[]): string[] {
  const [first, ...rest] = caveats;
  if (first === undefined) return [];
  return rest.length === 0 ? [first] : [first, `and ${rest.length} more (detail standard)`];
}

function provenance(result: JobResult, { request, outcome }: JobRecord, detail: Detail): Facts {
  const { faultsSeen = [], operationIds = [] } = outcome ?? {};
  const { origin, subject } = kindOf(result.kind);
  return compact({
    ...subject(request),
    ...origin(result, request),
    strategy_sha256: detail === "full" && "strategySha256" in request ? (request.strategySha256 ?? null) : null,
    engine: engineText(result.engine),
    ktrdr_operations: operationIds.length === 0 ? null : operationIds,
    faults_overcome: faultsSeen.length === 0 ? null : faultsSeen,
  });
}
