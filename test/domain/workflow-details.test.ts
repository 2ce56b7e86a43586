import { describe, expect, test } from "vitest";
import { isPlain } from "../../src/domain/plain-text.ts";
import {
  APPROVAL_IS,
  approvalDetails,
  watchDetails,
  jobDetails,
  KEEPER_IS,
  keeperDetails,
  manyDetails,
  WARDEN_IS,
  wardenDetails,
  type JobNow,
  type ManyNow,
} from "../../src/domain/workflow-details.ts";

const JOB: JobNow = { phase: "running", client: "me", computation: 1, maxComputations: 3, operationId: "op-1" };
const MANY: ManyNow = {
  jobId: "batch-a-1",
  kind: "batch",
  phase: "running",
  client: "me",
  items: 40,
  ended: 12,
  failed: 2,
  open: 3,
  maxFailures: 5,
  cancelled: false,
};
const KEEPER = { kind: "training", held: ["a"], settling: [], queue: ["b", "c"], waitingFor: "all are taken" } as const;

describe("a job", () => {
  test("tells phase, who asked, the computation, and how to stop it", () => {
    const shown = jobDetails({ ...JOB, computation: 2 });
    expect(shown).toMatch(/^\*\*Computing\*\*.*Pending Activities/);
    for (const fact of ["`me`", "2 of at most 3", "`op-1`", "Request Cancellation"]) expect(shown).toContain(fact);
  });

  test.each(["stopping", "recording", "closed"] as const)("that is %s needs nobody to stop it", (phase) => {
    expect(jobDetails({ ...JOB, phase, operationId: null })).not.toMatch(/Request Cancellation|operation/);
  });
});

describe("a batch", () => {
  test("tells how far it is, when it gives up, how its jobs are found, and how to stop it", () => {
    const shown = manyDetails(MANY);
    expect(shown).toMatch(/^\*\*Computing\*\*/);
    for (const fact of [
      "| items | 12 of 40 have ended (30 %), 2 failed, 3 compute or wait |",
      "when more than 5 have failed",
      "`ParentWorkflowId = 'batch-a-1'`",
      "Request Cancellation",
    ])
      expect(shown).toContain(fact);
    expect(manyDetails({ ...MANY, kind: "measurement" })).toContain("| prefixes | 12 of 40");
  });

  test("that gives up or is cancelled says so", () => {
    expect(manyDetails({ ...MANY, failed: 6 })).toMatch(/^\*\*Giving up\*\*/);
    const cancelled = manyDetails({ ...MANY, cancelled: true });
    expect(cancelled).toMatch(/^\*\*Stopping\*\*/);
    expect(cancelled).not.toContain("Request Cancellation");
    expect(manyDetails({ ...MANY, phase: "recording" })).toMatch(/^\*\*Recording\*\*/);
  });
});

test("a keeper tells who has a slot, who waits in which order, and why", () => {
  const shown = keeperDetails({ ...KEEPER, settling: ["z"] });
  for (const fact of ["**training**: 2 taken, 2 waited for", "| `a` |", "| `z` |", "| `b`, `c` |", "`all are taken`"]) {
    expect(shown).toContain(fact);
  }
  expect(keeperDetails({ ...KEEPER, queue: [], waitingFor: "" })).not.toMatch(/waits because|in this order/);
});

test("a warden tells how often it looked, and when", () => {
  expect(wardenDetails(0, null)).not.toContain("the last ended");
  expect(wardenDetails(7, "2026-11-30T08:00:00.000Z")).toContain("| the last ended | 2026-11-30T08:00:00.000Z |");
});

const WAIT = {
  jobId: "backtest-a",
  round: 2,
  stage: "waiting",
  over: false,
  until: "2026-12-14T08:00:00.000Z",
} as const;

test("a candidate that waits tells until when, and how to decide", () => {
  const shown = approvalDetails(WAIT);
  for (const fact of [
    "**Waiting** for a human",
    "| `backtest-a` |",
    "| expires | 2026-12-14T08",
    "ktrdr-mcp approve",
  ]) {
    expect(shown).toContain(fact);
  }
  expect(approvalDetails({ ...WAIT, stage: "rejected", over: true })).not.toMatch(/expires|what to do/);
});

const WATCH = { ...WAIT, stage: "champion", next: "2027-01-14T08:00:00.000Z", computes: null } as const;

test("a watched champion tells when it is looked at next, or what computes", () => {
  expect(watchDetails(WATCH)).toMatch(/\*\*Watches\*\*[^]*`backtest-a`[^]*\| looks next \| 2027-01-14T08/);
  expect(watchDetails({ ...WATCH, computes: "backtest-b" })).toMatch(/computes[^]*backtest-b/);
  expect(watchDetails({ ...WATCH, stage: "replaced", over: true })).not.toMatch(/looks next|what to do/);
});

const HOSTILE = [
  "[click](javascript:alert(1))",
  "![x](https://evil.example/p.png)\\|",
  "<img src=x onerror=alert(1)> <script>alert(1)</script>",
  "`a` ``b`` | c \\| d \\\\| e",
  "x\n\n# heading\r\n- item\n| y | z |\n***",
  "\u202E\u200B\u001B[2Jhidden",
  "$$x$$ ~~y~~ https://evil.example {runId}",
  "   ",
  "x".repeat(100_000),
  "| ` ".repeat(10_000),
];

describe.each(HOSTILE.map((text) => [JSON.stringify(text).slice(0, 50), text]))("%s", (_name, text) => {
  const pages = {
    job: jobDetails({ ...JOB, client: text, operationId: text }),
    batch: manyDetails({ ...MANY, client: text, jobId: text }),
    keeper: keeperDetails({
      kind: "training",
      held: [text, text, text],
      settling: [text],
      queue: Array.from({ length: 5_000 }, () => text),
      waitingFor: text,
    }),
    candidate: approvalDetails({ ...WAIT, jobId: text }),
    watch: watchDetails({ ...WATCH, jobId: text, computes: text }),
  };

  test.each(Object.entries(pages))("is code and nothing else in the details of a %s", (_of, page) => {
    expect(isPlain(page)).toBe(true);
    expect(page.length).toBeLessThanOrEqual(1_000);
    const [now = "", , , , ...rows] = page.split("\n");
    expect(now).toMatch(/^(\*\*|Slots of)/);
    for (const row of rows) {
      expect(row).toMatch(/^\| [^|]+ \| [^|]+ \|$/);
      // Without what is code, only our own words are left.
      expect(row.replaceAll(/`[^`]+`/g, "")).not.toMatch(/[<>`$~\\[\]{}#]|evil|heading|xx|hidden/);
    }
  });
});

test("what needs no worker to be told is short, too", () => {
  for (const text of [KEEPER_IS, WARDEN_IS, APPROVAL_IS]) expect(text.length).toBeLessThan(400);
});
