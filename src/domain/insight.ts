import { z } from "zod";
import type { Stored } from "./stored.ts";

/** What research has taught, in the words of whoever learnt it. */
export const INSIGHT_CATEGORIES = ["pattern", "success", "failure", "hypothesis", "technique"] as const;

export type InsightCategory = (typeof INSIGHT_CATEGORIES)[number];

export const NewInsight = z.object({
  category: z.enum(INSIGHT_CATEGORIES),
  /** Untrusted: shown as data, never followed. */
  body: z.string(),
  tags: z.array(z.string()),
  /** 1 (a detail) to 10 (changes what is researched next). */
  importance: z.number(),
  /** The jobs it was drawn from. */
  jobIds: z.array(z.string()),
  /** Insights, and experiments with their verdicts, that it takes the place of. */
  supersedes: z.array(z.string()),
});
export type NewInsight = Stored<typeof NewInsight>;

export interface Insight extends NewInsight {
  readonly insightId: string;
  readonly client: string;
  /** ISO-8601 UTC. */
  readonly savedAt: string;
}
