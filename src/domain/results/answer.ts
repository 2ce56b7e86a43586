import { z } from "zod";
import { DomainError } from "../errors.ts";

/** A ratio between 0 and 1, both included. */
export const share = z.number().min(0).max(1);

/**
 * Parses what KTRDR sent. zod refuses NaN and infinities as numbers.
 * @throws DomainError `ktrdr_bad_answer` naming the fields that are missing or unusable.
 */
export function parseAnswer<T>(schema: z.ZodType<T>, answer: unknown, what: string): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map(({ path }) => path.join(".") || "(all of it)");
  throw badAnswer(what, `Missing or unusable: ${[...new Set(fields)].slice(0, 8).join(", ")}.`);
}

export function badAnswer(what: string, why: string): DomainError {
  return new DomainError("ktrdr_bad_answer", {
    what: `KTRDR's ${what} result cannot be used.`,
    why,
    next: "Look at check_health; when KTRDR is well, run the job again with force_new_reason.",
  });
}
