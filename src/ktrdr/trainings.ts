import { z } from "zod";
import { badAnswer } from "./refusal.ts";
import { endOfDay } from "./text.ts";
import type { Sending } from "./call.ts";
import type { Transport } from "./transport.ts";

export interface TrainingStart {
  /** File stem in KTRDR's strategies folder. */
  readonly strategyName: string;
  /** Becomes KTRDR's operation id: the same id never computes twice on one worker (docs/ktrdr.md §2.7). */
  readonly operationId: string;
  readonly symbols: readonly string[];
  readonly timeframes: readonly string[];
  /** ISO dates. */
  readonly startDate: string;
  readonly endDate: string;
}

export interface Trainings {
  /**
   * Posts once, never repeats. Read the operation first and post only when it is unknown (docs/ktrdr.md §9.1).
   * @throws DomainError `ktrdr_start_ambiguous` when KTRDR may have started it; when it did not, `ktrdr_no_worker`,
   *   `ktrdr_unavailable` (never sent), `ktrdr_rejected`, `ktrdr_not_found` or `ktrdr_bad_answer`
   */
  start(request: TrainingStart, sending?: Sending): Promise<{ readonly operationId: string }>;
}

const StartedWire = z.looseObject({ task_id: z.string().min(1) });

export function createTrainings({ api }: Transport): Trainings {
  return {
    async start(request, sending) {
      const what = `The training ${request.operationId.slice(0, 200)}`;
      const { task_id: operationId } = await api({
        method: "POST",
        path: "/api/v1/trainings/start",
        body: {
          strategy_name: request.strategyName,
          task_id: request.operationId,
          symbols: request.symbols,
          timeframes: request.timeframes,
          start_date: request.startDate,
          end_date: endOfDay(request.endDate),
        },
        nature: "start",
        what,
        answer: StartedWire,
        ...sending,
      });
      if (operationId !== request.operationId) throw badAnswer("start", what, "KTRDR answered another operation id.");
      return { operationId };
    },
  };
}
