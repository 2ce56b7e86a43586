/**
 * `ktrdr-mcp stop-research`: cancels the matching jobs, waits until they have ended, and asks KTRDR's workers to prove
 * that none computes for them. Ends with 0 only when that is proven.
 */
import { parseArgs } from "node:util";
import { isDomainError } from "../domain/errors.ts";
import type { OpenWorkFilter } from "../store/open-work.ts";
import { remark, say, sayJson, Usage } from "./command.ts";
import { researchCommand, reasonOf } from "./research-command.ts";
import type { ResearchParts } from "../research/stopping/parts.ts";
import { askWorkers, doubtsOf, type IdleProof } from "../research/stopping/idle-proof.ts";
import { stopMatching } from "../research/stopping/stop-matching.ts";

const USAGE =
  "ktrdr-mcp stop-research (--strategy NAME | --client NAME | --all) [--reason TEXT] [--timeout SECONDS] [--json]";
/** Milliseconds for a worker that answers late: a job ends only after its computing. */
const SETTLE_MS = 3_000;
const ASK_EVERY_MS = 500;

interface Wish {
  readonly filter: OpenWorkFilter;
  readonly all: boolean;
  readonly reason: string;
  readonly patienceMs: number;
  readonly json: boolean;
}

await researchCommand(USAGE, async (parts) => {
  const wish = wishOf();
  const tell = wish.json ? remark : say;
  if (wish.all) {
    // Before anything else, so that no job is started meanwhile.
    await parts.research.pause(wish.reason);
    tell("Research is paused: no new job is taken until bin/ktrdr-mcp resume-research.");
  }
  const { jobIds, stillOpen } = await stopMatching(parts, { ...wish, tell });
  const { proof, doubts } = await prove(parts, jobIds, wish.all);
  const doubted = [...stillOpen.map((jobId) => `the job ${jobId} has not ended`), ...doubts];
  const proven = doubted.length === 0;
  if (wish.json) {
    const workers = proof?.workers ?? [];
    sayJson({ proven, paused: wish.all, jobs: jobIds, stillOpen, doubts: doubted, workers });
  } else {
    say(`${jobIds.length} jobs were stopped.`);
    for (const { worker, state } of proof?.workers ?? []) say(`  ${worker}: ${state}`);
    doubted.forEach((doubt) => say(`✘ ${doubt}`));
    const idle = wish.all
      ? "every worker of KTRDR said itself that it is idle"
      : "no worker of KTRDR computes any of them";
    if (jobIds.length === 0 && !wish.all) say("No open job matches: see list_tasks for the names there are.");
    say(proven ? `✔ Proven: ${idle}.` : "Not proven. Mend what is named above and run this again.");
  }
  return proven ? 0 : 1;
});

function wishOf(): Wish {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const options = { strategy: text, client: text, reason: text, timeout: text, all: flag, json: flag };
  const { values } = parseArgs({ options });
  const { strategy, client, all, timeout = "300" } = values;
  const named = [strategy, client].filter((value) => value !== undefined);
  // An unset shell variable gives an empty name, which must not count as no filter.
  if (named.includes("")) throw new Usage("A name is empty.");
  if (named.length + Number(all) !== 1) throw new Usage("Say which jobs: --strategy, --client or --all.");
  if (!/^\d+$/.test(timeout)) throw new Usage(`"${timeout}" is no number of seconds.`);
  return {
    filter: { ...(strategy === undefined ? {} : { strategy }), ...(client === undefined ? {} : { client }) },
    all,
    reason: reasonOf(values.reason) ?? "stopped by the operator",
    patienceMs: Number(timeout) * 1_000,
    json: values.json,
  };
}

/** Asks until there is no doubt left, or the doubts no longer change. */
async function prove(
  parts: ResearchParts,
  jobIds: readonly string[],
  all: boolean,
): Promise<{ readonly proof: IdleProof | null; readonly doubts: readonly string[] }> {
  const stopped = new Set(jobIds);
  const until = performance.now() + SETTLE_MS;
  for (;;) {
    let proof: IdleProof | null = null;
    let doubts: readonly string[];
    try {
      proof = await askWorkers(parts, jobIds);
      doubts = doubtsOf(proof, stopped, all);
    } catch (error) {
      if (!isDomainError(error)) throw error;
      doubts = [`KTRDR cannot be asked: ${error.what}`];
    }
    if (doubts.length === 0 || performance.now() >= until) return { proof, doubts };
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}
