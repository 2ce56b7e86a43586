/** All timers of the real system (docs/ktrdr.md §3.2), in milliseconds, already multiplied by the time scale. */
export interface Timers {
  /** The API asks every worker for `/health` this often. */
  readonly healthSweepMs: number;
  /** How long one such question may take. */
  readonly healthTimeoutMs: number;
  /** A worker without a healthy answer for this long leaves the registry. */
  readonly workerRemovalMs: number;
  readonly orphanCheckMs: number;
  /** An operation that no worker claims for this long is declared failed. */
  readonly orphanTimeoutMs: number;
  /** The API does not ask a worker about the same operation more often than this. */
  readonly operationCacheMs: number;
  /** How long the API waits for a worker's answer to anything but `/health`. */
  readonly proxyTimeoutMs: number;
  /** A worker looks this often whether the API still asks for its health. */
  readonly registrationCheckMs: number;
  /** A worker that was not asked for this long registers again if the API has forgotten it. */
  readonly registrationSilenceMs: number;
  /** First wait between tries to register; doubles up to thirty times as much. */
  readonly registrationRetryMs: number;
}

/**
 * @param scale 1 = the real system's times; 0.01 = a hundred times faster. Timeouts of requests have a floor, since
 * the machine does not get faster with the scale.
 */
export function scaledTimers(scale: number): Timers {
  const ms = (realMs: number, floorMs = 5): number => Math.max(floorMs, Math.round(realMs * scale));
  return {
    healthSweepMs: ms(10_000),
    healthTimeoutMs: ms(5_000, 400),
    workerRemovalMs: ms(300_000),
    orphanCheckMs: ms(15_000),
    orphanTimeoutMs: ms(60_000),
    operationCacheMs: ms(1_000),
    proxyTimeoutMs: ms(30_000, 2_000),
    registrationCheckMs: ms(10_000, 20),
    registrationSilenceMs: ms(30_000, 300),
    registrationRetryMs: ms(1_000),
  };
}
