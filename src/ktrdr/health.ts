import { z } from "zod";
import type { Engine } from "../domain/result.ts";
import { oneLine } from "../domain/plain-text.ts";
import type { Transport } from "./transport.ts";

export interface KtrdrHealth {
  readonly version: string;
  readonly engine: Engine;
}

const HealthWire = z.looseObject({
  status: z.string(),
  version: z.string(),
});

/** `GET /health`: which engine answers, in which version. */
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
    version,
    engine: { name: version.startsWith("sandbox") ? "sandbox" : "ktrdr", version },
  };
}
