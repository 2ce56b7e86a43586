/** What `ktrdr-mcp approve` and `ktrdr-mcp reject` share: the evidence, the typed name, the decision and what became of it. */
import { createInterface } from "node:readline";
import { loadConfig } from "../config.ts";
import { engineText } from "../domain/facts.ts";
import { oneLine } from "../domain/plain-text.ts";
import type { Decision } from "../domain/registry/stage.ts";
import { labEnvironment } from "../running-lab/lab-environment.ts";
import { carryOut, outcomeText, type DecidingParts } from "../research/registry/carry-out.ts";
import { createApprovals } from "../store/approvals.ts";
import type { Evidence } from "../store/candidate-evidence.ts";
import type { Candidate } from "../store/candidate-row.ts";
import { createPool } from "../store/pool.ts";
import { createRegistry } from "../store/registry.ts";
import { createCandidateWaits } from "../temporal/candidate-waits.ts";
import { lazyClient } from "../temporal/connection.ts";
import { temporalSettings } from "../temporal/settings.ts";
import { operator, remark, say, Usage } from "./command.ts";

interface Typed {
  readonly jobId: string;
  readonly decision: Decision;
  /** Given with the command; asked for on a terminal when undefined. */
  readonly name: string | undefined;
  /** The hash that was seen; undefined: what is shown now. */
  readonly evidence: string | undefined;
  readonly reason: string | null;
}

/**
 * Shows the evidence, asks for the name, writes the decision down and has it carried out.
 * @throws DomainError as `Approvals.grant`; `Usage` when nobody can be asked for the name
 */
export async function decideCandidate({ jobId, decision, name, evidence, reason }: Typed): Promise<void> {
  if (name === undefined && !process.stdin.isTTY) {
    throw new Usage("Nobody can be asked here for the name of the candidate: give it with --name.");
  }
  await withParts(async (parts) => {
    const candidate = await parts.registry.get(jobId);
    const shown = await parts.approvals.show(jobId);
    evidenceLines(candidate, shown).forEach(say);
    const typed = name ?? (await askedName(decision));
    const words = { name: typed, evidence: evidence ?? shown.hash, reason };
    const granted = await parts.approvals.grant({ jobId, decision, stage: candidate.stage, ...words }, operator());
    const carried = await carryOut(parts, granted, decision);
    say(outcomeText(carried, decision));
    if (carried.done && carried.candidate.stage === "waiting") process.exitCode = 1;
  });
}

const HELD = { true: "holds", false: "FAILS", unknown: "unknown" } as const;

const MOST_REASON_CHARS = 500;
const MOST_CAVEAT_CHARS = 500;

export function evidenceLines(candidate: Candidate, { facts, gates, hash }: Evidence): string[] {
  const { jobId, strategy, symbol, timeframe, stage, proposedBy, reason, expiresAt } = candidate;
  return [
    `${jobId}: ${strategy} on ${symbol} ${timeframe}, ${facts.startDate} to ${facts.endDate}, computed by ${engineText(facts.engine)}`,
    `  return ${(facts.totalReturn * 100).toFixed(2)} %, Sharpe ${facts.sharpe?.toFixed(2) ?? "undefined"}, drawdown ${(facts.maxDrawdown * 100).toFixed(1)} %, ${facts.trades} trades`,
    ...gates.map(
      ({ gate, held, required, says }) =>
        `  ${HELD[`${held}`].padEnd(8)}${gate}${required ? "" : " (not required)"}: ${says}`,
    ),
    ...facts.caveats.map(({ code, text }) => `  caveat  ${code}: ${oneLine(text, MOST_CAVEAT_CHARS)}`),
    `  stage ${stage}${expiresAt === null ? "" : `, until ${expiresAt}`}`,
    `  evidence ${hash}`,
    // Theirs come last, each in one line: nothing in them may look like evidence.
    `  proposed by "${oneLine(proposedBy, 100)}", in their words: "${oneLine(reason, MOST_REASON_CHARS)}"`,
  ];
}

/** One line that somebody types. */
async function askedName(decision: Decision): Promise<string> {
  remark(`Type the name of the strategy to ${decision} it; anything else decides nothing:`);
  const lines = createInterface({ input: process.stdin, terminal: false });
  try {
    for await (const line of lines) return line.trim();
    return "";
  } finally {
    lines.close();
  }
}

async function withParts(work: (parts: DecidingParts) => Promise<void>): Promise<void> {
  const env = await labEnvironment(process.env);
  const config = loadConfig(env);
  const client = lazyClient(
    temporalSettings(env, { address: config.TEMPORAL_ADDRESS, namespace: config.TEMPORAL_NAMESPACE }),
  );
  const pool = createPool(config.DATABASE_URL, { max: 2, applicationName: "ktrdr-mcp operator" });
  try {
    await work({
      approvals: createApprovals(pool),
      registry: createRegistry(pool),
      waits: createCandidateWaits(client),
    });
  } finally {
    await Promise.allSettled([pool.end(), client.connection.close()]);
  }
}
