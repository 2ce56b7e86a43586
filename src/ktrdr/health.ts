import { z } from "zod";
import type { Engine } from "../domain/result.ts";
import { oneLine } from "../domain/plain-text.ts";
import type { Transport } from "./transport.ts";

export interface KtrdrHealth {
  /** "ok" says nothing about database or workers (contract §2.1). */
  readonly status: string;
  readonly version: string;
  readonly engine: Engine;
  /** Seconds after which an operation nobody claims is marked failed; null when KTRDR does not say. */
  readonly orphanTimeoutSeconds: number | null;
}

const HealthWire = z.looseObject({
  status: z.string(),
  version: z.string(),
  orphan_detector: z.looseObject({ orphan_timeout_seconds: z.number().nullish() }).nullish(),
});

/** `GET /health`: who answers, in which version. */
export async function fetchHealth({ api }: Transport, signal?: AbortSignal): Promise<KtrdrHealth> {
  const answer = await api({
    method: "GET",
    path: "/api/v1/health",
    nature: "read",
    what: "KTRDR's health",
    answer: HealthWire,
    maxBytes: 64 * 1024,
    signal,
  });
  const version = oneLine(answer.version, 60);
  return {
    status: oneLine(answer.status, 60),
    version,
    engine: { name: version.startsWith("sandbox") ? "sandbox" : "ktrdr", version },
    orphanTimeoutSeconds: answer.orphan_detector?.orphan_timeout_seconds ?? null,
  };
}
