/** Today's workflows as the next version may have them: one begins with a step that did not exist before. */
import { patched, sleep } from "@temporalio/workflow";
import type { JobInput } from "../../../src/domain/job.ts";
import type { JobOutcome } from "../../../src/domain/outcome.ts";
import type { ComputeRequest } from "../../../src/domain/kinds/index.ts";
import { computeJob as today } from "../../../src/workflows/compute-job.ts";

export { slotKeeper } from "../../../src/workflows/slot-keeper.ts";

export async function trainModel(input: JobInput<ComputeRequest>): Promise<JobOutcome> {
  if (patched("a-step-more")) await sleep(1);
  return await today(input);
}
