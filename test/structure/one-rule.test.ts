/** One rule for one fact: a second place that decides the same fails here, and says where the rule is. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = new URL("../..", import.meta.url).pathname;
const sources = globSync("{src,lab,demo}/**/*.ts", { cwd: ROOT }).map(
  (file) => [file, readFileSync(join(ROOT, file), "utf8")] as const,
);

interface Rule {
  readonly fact: string;
  /** What a source that decides it contains. */
  readonly sign: RegExp;
  /** Who may: the rule itself, and those who mean something else by the same words. */
  readonly allowed: readonly string[];
  readonly offence: string;
}

const RULES: readonly Rule[] = [
  {
    fact: "a worker is gone: isGone and noAnswerFrom in domain/worker-gone.ts",
    sign: /"ECONNREFUSED"|"ENOTFOUND"/,
    // KTRDR's client repeats such requests and knows that they were never sent.
    allowed: ["src/domain/worker-gone.ts", "src/ktrdr/exchange.ts", "src/ktrdr/outcome.ts"],
    offence: 'cause.code === "ECONNREFUSED"',
  },
  {
    fact: "a worker of KTRDR is healthy: isHealthy in domain/worker-gone.ts",
    sign: /temporarily_unavailable/,
    // The word itself, and how it is read.
    allowed: ["src/domain/operation.ts", "src/domain/worker-gone.ts", "src/ktrdr/workers.ts"],
    offence: 'status !== "temporarily_unavailable"',
  },
  {
    fact: "the market of a strategy: strategyMarket in domain/strategy/market.ts",
    sign: /\bown\(\w+, "training_data"\)/,
    // The section itself, whose keys are checked there.
    allowed: ["src/domain/strategy/check-data.ts", "src/domain/strategy/market.ts"],
    offence: 'own(value, "training_data")',
  },
  {
    fact: "how long a promise is waited for: within in src/within.ts",
    sign: /\bPromise\.race\(/,
    // The first of two things that happen: neither is a limit of time.
    allowed: [
      "src/activities/start.ts",
      "src/http/readiness.ts",
      "lab/supervisor.ts",
      "src/mcp/tools/check-health.ts",
      "src/workflows/slot-keeper.ts",
    ],
    offence: "await Promise.race([work, late])",
  },
];

test.each(RULES)("$fact", ({ sign, allowed, offence }) => {
  const found = sources.filter(([, text]) => sign.test(text)).map(([file]) => file);
  expect(found.toSorted()).toEqual(allowed.toSorted());
  expect(offence).toMatch(sign);
});
