/** The one request to KTRDR that makes it compute. */
import { DomainError } from "../domain/errors.ts";
import type { JobInput } from "../domain/job.ts";
import type { ComputeRequest } from "../domain/kinds/index.ts";
import type { Ktrdr } from "../ktrdr/ktrdr.ts";
import type { Sending } from "../ktrdr/call.ts";
import { stopwatch, type Clock } from "./clock.ts";

/**
 * An attempt that stood still (SIGSTOP, a paused machine) after marking its start must not send it later: others may
 * have given it up. This limit and the client's for connecting together are shorter than the others wait.
 */
const SEND_WITHIN_MS = 2_000;

/** @returns a check for right before sending; it throws DomainError `ktrdr_unavailable` when it is too late */
export function sendWindow(clock: Clock): () => void {
  const elapsed = stopwatch(clock);
  return () => {
    const lateMs = elapsed();
    if (lateMs <= SEND_WITHIN_MS) return;
    throw new DomainError("ktrdr_unavailable", {
      what: "The start was not sent.",
      why: `Our worker held it up for ${Math.round(lateMs)} ms, so others may have given it up.`,
    });
  };
}

/** The operation id of a training, which we may choose. Each computation of a job is another operation. */
export function trainingOperationId(jobId: string, computation: number): string {
  return computation === 1 ? jobId : `${jobId}-c${computation}`;
}

/** @throws DomainError `ktrdr_start_ambiguous` when KTRDR may have started it; any other error when it did not */
export async function sendStart(
  ktrdr: Ktrdr,
  { request, jobId }: Pick<JobInput<ComputeRequest>, "jobId" | "request">,
  computation: number,
  sending: Sending,
): Promise<{ readonly operationId: string }> {
  switch (request.kind) {
    case "training":
      return await ktrdr.trainings.start(
        {
          strategyName: request.strategy,
          operationId: trainingOperationId(jobId, computation),
          symbols: request.symbols ?? [request.symbol],
          timeframes: [request.timeframe],
          startDate: request.startDate,
          endDate: request.endDate,
        },
        sending,
      );
    case "backtest":
      return await ktrdr.backtests.start({ ...request, strategyName: request.strategy }, sending);
    case "data_load":
      return await ktrdr.data.download(
        {
          symbol: request.symbol,
          timeframe: request.timeframe,
          mode: request.mode,
          ...(request.startDate === null ? {} : { startDate: request.startDate }),
          ...(request.endDate === null ? {} : { endDate: request.endDate }),
        },
        sending,
      );
  }
}
