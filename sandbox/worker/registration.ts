import { setTimeout as wait } from "node:timers/promises";
import type { Timers } from "../timers.ts";

/** What a worker tells the API about itself. */
export interface RegistrationCard {
  readonly apiUrl: string;
  readonly workerId: string;
  readonly workerType: string;
  readonly endpointUrl: string;
  readonly currentOperation: () => string | null;
  /** A hanging worker does not register either. */
  readonly isHanging: () => boolean;
}

async function register(card: RegistrationCard, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(`${card.apiUrl}/api/v1/workers/register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        worker_id: card.workerId,
        worker_type: card.workerType,
        endpoint_url: card.endpointUrl,
        capabilities: card.workerType === "training" ? { gpu: false } : {},
        current_operation_id: card.currentOperation(),
      }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]),
    });
    return response.ok;
  } catch {
    return false;
  }
}

/** Whether the API has forgotten this worker. False when the API cannot be asked. */
async function isForgotten(card: RegistrationCard, signal: AbortSignal): Promise<boolean> {
  try {
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(5_000)]);
    const response = await fetch(`${card.apiUrl}/api/v1/workers/${card.workerId}`, { signal: timeout });
    return response.status === 404;
  } catch {
    return false;
  }
}

/**
 * Registers at the start (five tries, waiting longer each time). When NOBODY has asked for its health for a while, it
 * looks whether it is still known. So workers come back 25-35 s after an API restart (docs/ktrdr.md §3.2, §9.6).
 * KTRDR's worker cannot tell who asks. A client that polls `/health` keeps it out of the registry for as long as it
 * polls (docs/ktrdr.md §11.1).
 * @param healthAskedAt when anybody last asked, ms.
 */
export async function keepRegistered(
  card: RegistrationCard,
  timers: Timers,
  healthAskedAt: () => number,
  signal: AbortSignal,
): Promise<void> {
  let pauseMs = timers.registrationRetryMs;
  for (let attempt = 1; attempt <= 5 && !(await register(card, signal)); attempt += 1) {
    await wait(pauseMs, undefined, { signal });
    pauseMs = Math.min(pauseMs * 2, timers.registrationRetryMs * 30);
  }
  let lookedAt = Date.now();
  for (;;) {
    await wait(timers.registrationCheckMs, undefined, { signal });
    const lastSign = Math.max(healthAskedAt(), lookedAt);
    if (Date.now() - lastSign <= timers.registrationSilenceMs || card.isHanging()) continue;
    if (await isForgotten(card, signal)) await register(card, signal);
    lookedAt = Date.now();
  }
}
