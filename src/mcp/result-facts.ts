import { compact, type Detail, type Facts, engineText } from "../domain/facts.ts";
import { isInsistence } from "../domain/insistence.ts";
import type { Told } from "../domain/kinds/define-kind.ts";
import { kindOf, type JobResult } from "../domain/kinds/index.ts";
import type { JobRecord } from "../store/job-row.ts";
import type { InSample } from "../research/jobs/in-sample.ts";

interface ResultFacts extends Told {
  readonly in_sample?: boolean | "unknown";
  readonly caveats?: string[];
  readonly produced_by: Facts;
  readonly next: string;
}

/** A result as Claude reads it: short, corrected figures first. */
export function resultFacts(result: JobResult, job: JobRecord, detail: Detail, sample: InSample | null): ResultFacts {
  const first = result.caveats.filter(isInsistence);
  const others = result.caveats.filter((caveat) => !isInsistence(caveat));
  const texts = [first.map(({ text }) => text), sample?.caveat ?? [], others.map(({ text }) => text)];
  const caveats = texts.flat();
  const brief = detail === "brief";
  return {
    ...kindOf(result.kind).told(result, detail),
    ...(sample === null ? {} : { in_sample: sample.inSample }),
    ...(caveats.length === 0 ? {} : { caveats: brief ? briefly(caveats) : caveats }),
    produced_by: brief ? { engine: engineText(result.engine) } : provenance(result, job),
    next: kindOf(result.kind).next,
  };
}

function briefly(caveats: readonly string[]): string[] {
  const [first, ...rest] = caveats;
  if (first === undefined) return [];
  return rest.length === 0 ? [first] : [first, `and ${rest.length} more (detail standard)`];
}

function provenance(result: JobResult, { request, outcome }: JobRecord): Facts {
  const { faultsSeen = [], operationIds = [] } = outcome ?? {};
  const { origin, subject } = kindOf(result.kind);
  return compact({
    ...subject(request),
    ...origin(result, request),
    strategy_sha256: "strategySha256" in request ? (request.strategySha256 ?? null) : null,
    engine: engineText(result.engine),
    ktrdr_operations: operationIds.length === 0 ? null : operationIds,
    faults_overcome: faultsSeen.length === 0 ? null : faultsSeen,
  });
}
