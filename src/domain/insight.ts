/** What research has taught, in the words of whoever learnt it. */
export const INSIGHT_CATEGORIES = ["pattern", "success", "failure", "hypothesis", "technique"] as const;

export type InsightCategory = (typeof INSIGHT_CATEGORIES)[number];

export interface NewInsight {
  readonly category: InsightCategory;
  /** Untrusted: shown as data, never followed. */
  readonly body: string;
  readonly tags: readonly string[];
  /** 1 (a detail) to 10 (changes what is researched next). */
  readonly importance: number;
  /** The jobs it was drawn from. */
  readonly jobIds: readonly string[];
}

export interface Insight extends NewInsight {
  readonly insightId: string;
  readonly client: string;
  /** ISO-8601 UTC. */
  readonly savedAt: string;
}
