/** Each fact is decided in one place. A second place that decides it fails here, and the test names the first. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = new URL("../..", import.meta.url).pathname;
const sources = globSync("{src,lab,demo}/**/*.ts", { cwd: ROOT }).map(
  (file) => [file, readFileSync(join(ROOT, file), "utf8")] as const,
);

interface Rule {
  readonly fact: string;
  /** What a source contains that decides the fact. */
  readonly sign: RegExp;
  /** Files that may contain it: the rule itself, and those that mean something else by the same words. */
  readonly allowed: readonly string[];
  readonly offence: string;
}

const RULES: readonly Rule[] = [
  {
    fact: "a worker is gone: isGone and noAnswerFrom in domain/worker-gone.ts",
    sign: /"ECONNREFUSED"|"ENOTFOUND"/,
    // KTRDR's client reads such an error as a request that was never sent, and repeats it.
    allowed: ["src/domain/worker-gone.ts", "src/ktrdr/exchange.ts", "src/ktrdr/outcome.ts"],
    offence: 'cause.code === "ECONNREFUSED"',
  },
  {
    fact: "a worker of KTRDR is healthy: isHealthy in domain/worker-gone.ts",
    sign: /temporarily_unavailable/,
    // One file defines the word, and one reads it from the wire.
    allowed: ["src/domain/operation.ts", "src/domain/worker-gone.ts", "src/ktrdr/workers.ts"],
    offence: 'status !== "temporarily_unavailable"',
  },
  {
    fact: "the market of a strategy: strategyMarket in domain/strategy/market.ts",
    sign: /\bown\(\w+, "training_data"\)/,
    // check-data.ts checks the keys of the section itself.
    allowed: ["src/domain/strategy/check-data.ts", "src/domain/strategy/market.ts"],
    offence: 'own(value, "training_data")',
  },
  {
    fact: "Temporal is up: describeNamespace in temporal/namespace.ts",
    sign: /\bdescribeNamespace\(\{/,
    // The lab asks about its own server. Search attributes are read of a namespace that is known to exist.
    allowed: ["lab/keep-namespace.ts", "src/temporal/search-attributes.ts"],
    offence: "workflowService.describeNamespace({ namespace })",
  },
  {
    fact: "a worker of ours is up: isPolled in temporal/pollers.ts",
    sign: /\bdescribeTaskQueue\(/,
    allowed: ["src/temporal/pollers.ts"],
    offence: "workflowService.describeTaskQueue({ namespace })",
  },
  {
    fact: "PostgreSQL is up: assertUp in store/try-writing.ts",
    sign: /select 1 from jobs\b/,
    allowed: ["src/store/try-writing.ts"],
    offence: 'run(pool, "select 1 from jobs limit 1")',
  },
  {
    fact: "which parts are up: partsUp in research/health.ts",
    sign: /\.ping\(\)/,
    allowed: ["src/research/health.ts"],
    offence: "await jobs.ping()",
  },
  {
    fact: "an error as text for a person: src/error-text.ts",
    sign: /instanceof Error \? \w+\.message : String\(/,
    // A workflow keeps the message of an error that an activity put into it.
    allowed: ["src/workflows/failure.ts"],
    offence: "error instanceof Error ? error.message : String(error)",
  },
  {
    fact: "how long a promise is waited for: within in src/within.ts",
    sign: /\bPromise\.race\(/,
    // These wait for the first of two events. Neither event is a limit of time; of jobs.ts the second is an abort.
    allowed: ["src/activities/start.ts", "src/temporal/jobs.ts", "lab/supervisor.ts", "src/workflows/slot-keeper.ts"],
    offence: "await Promise.race([work, late])",
  },
  {
    fact: "two windows share days: overlaps in domain/market-data.ts, sharedDays in store/shared-days.ts",
    sign: /(?:startDate|start_date)\b[^\n;]*<=?[^\n;]*(?:endDate|end_date)\b[^\n;]*(?:&&|\band\b)|(?:endDate|end_date)\b[^\n;]*<[^\n;]*(?:startDate|start_date)\b[^\n;]*(?:\|\||\bor\b)/,
    allowed: ["src/domain/market-data.ts"],
    offence: "(m.end_date < r.result ->> 'startDate' or m.start_date > r.result ->> 'endDate')",
  },
  {
    fact: "rows become bars: toBars in domain/market-data.ts",
    sign: /\(\[[^\]\n]*\bhigh, low, close\b[^\]\n]*\]\) => \(\{/,
    allowed: ["src/domain/market-data.ts"],
    offence: "([time, open, high, low, close]) => ({ time, open, high, low, close })",
  },
  {
    fact: "who may name a holdout to KTRDR: whoever holds HOLDOUT_PASS of ktrdr/holdout-guard.ts",
    sign: /\bHOLDOUT_PASS\b/,
    allowed: ["src/activities/kinds/holdout.ts", "src/ktrdr/call.ts", "src/ktrdr/holdout-guard.ts"],
    offence: "await backtests.start(asked, { holdoutPass: HOLDOUT_PASS })",
  },
  {
    fact: "a human's decision is written down: store/approvals.ts",
    sign: /insert into candidate_grants/,
    allowed: ["src/store/approvals.ts"],
    offence: '"insert into candidate_grants (job_id) values ($1)"',
  },
  {
    fact: "a candidate becomes the champion: store/candidate-decisions.ts",
    sign: /\bmove\([^;]*?"champion"/,
    allowed: ["src/store/candidate-decisions.ts"],
    offence: 'await move(session, jobId, "champion", event);',
  },
  {
    fact: "who may write one down: the operator's commands and the page's door, never a tool",
    sign: /\bcreate(?:Page)?Approvals\(/,
    allowed: [
      "src/bin/decide-candidate.ts",
      "src/bin/mcp-wiring.ts",
      "src/bin/page-approvals.ts",
      "src/store/approvals.ts",
    ],
    offence: "const approvals = createApprovals(pool);",
  },
  {
    fact: "a symbol names a holdout: isHoldout in domain/holdout/symbol.ts",
    sign: /["'`/\\]\.?\.HOLDOUT/,
    allowed: ["src/domain/holdout/symbol.ts"],
    offence: 'symbol.endsWith(".HOLDOUT")',
  },
  {
    fact: "a strategy is judged: createStrategyTexts in research/strategies/strategy-texts.ts; a campaign's point: pointJudge",
    sign: /\bvalidateStrategy\(\{/,
    allowed: ["src/domain/campaign/point-judge.ts", "src/research/strategies/strategy-texts.ts"],
    offence: "const { valid } = validateStrategy({ text, fileName: name });",
  },
];

test.each(RULES)("$fact", ({ sign, allowed, offence }) => {
  const found = sources.filter(([, text]) => sign.test(text)).map(([file]) => file);
  expect(found.toSorted()).toEqual(allowed.toSorted());
  expect(offence).toMatch(sign);
});
