/** What KTRDR's workers themselves wrote down: proof of how often something was computed. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { ktrdrDir } from "../lab/lab-settings.ts";

const Line = z.looseObject({
  at: z.string(),
  event: z.string(),
  operationId: z.string(),
  kind: z.string(),
  pid: z.number(),
  detail: z.string(),
});
export type ComputationLine = z.infer<typeof Line>;

/** Starts and ends of computing in the lab's sandbox KTRDR, oldest first. */
export async function computations(labDir: string): Promise<readonly ComputationLine[]> {
  const text = await readFile(path.join(ktrdrDir(labDir), "computations.jsonl"), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => Line.parse(JSON.parse(line)))
    .filter(({ event }) => event === "start" || event === "end");
}

/** Operation ids that were begun, with how often. */
export function startsOf(lines: readonly ComputationLine[], kind: string): number {
  return lines.filter((line) => line.event === "start" && line.kind === kind).length;
}
