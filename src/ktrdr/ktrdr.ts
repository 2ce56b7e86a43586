import { createBacktests, type Backtests } from "./backtests.ts";
import { createCheckpoints, type Checkpoints } from "./checkpoints.ts";
import { createMarketData, type MarketData } from "./data.ts";
import { fetchHealth, type KtrdrHealth } from "./health.ts";
import { createIndicators, type Indicators } from "./indicators.ts";
import { createOperations, type Operations } from "./operations.ts";
import { createTrainings, type Trainings } from "./trainings.ts";
import { createTransport, type TransportOptions } from "./transport.ts";
import { createWorkers, type Workers } from "./workers.ts";

/**
 * KTRDR for the rest of the product. Every method may reject with a DomainError by the rule of docs/ktrdr.md §1.3:
 * `ktrdr_unavailable` (may work later), `ktrdr_bad_answer`, `ktrdr_not_found`, `ktrdr_rejected`, and for starts
 * `ktrdr_start_ambiguous` or `ktrdr_no_worker`. An aborted signal rejects with its own reason, except a deadline
 * (`AbortSignal.timeout`), which counts as no answer.
 */
export interface Ktrdr {
  health(signal?: AbortSignal): Promise<KtrdrHealth>;
  readonly operations: Operations;
  readonly trainings: Trainings;
  readonly backtests: Backtests;
  readonly workers: Workers;
  readonly data: MarketData;
  readonly indicators: Indicators;
  readonly checkpoints: Checkpoints;
  /** Closes idle connections. */
  close(): void;
}

/** Connects to nothing yet: the first call does. */
export function createKtrdr(options: TransportOptions): Ktrdr {
  const transport = createTransport(options);
  return {
    health: (signal) => fetchHealth(transport, signal),
    operations: createOperations(transport),
    trainings: createTrainings(transport),
    backtests: createBacktests(transport),
    workers: createWorkers(transport),
    data: createMarketData(transport),
    indicators: createIndicators(transport),
    checkpoints: createCheckpoints(transport),
    close: () => transport.close(),
  };
}
