/** The registry over a real record: what is proposed, what humans decide, and what counts of it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TypedDecision } from "../../src/domain/registry/decision.ts";
import { createApprovals, type Approvals } from "../../src/store/approvals.ts";
import { createCandidateDecisions, type CandidateDecisions } from "../../src/store/candidate-decisions.ts";
import { createHoldoutStore } from "../../src/store/holdouts.ts";
import { createJobWriter, type JobWriter } from "../../src/store/job-writer.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { createRegistry, type Registry } from "../../src/store/registry.ts";
import { recordCandidate, recordCostly, recordJob, recordWalk, requestOf } from "../support/candidates.ts";
import { BACKTEST, inputOf, TRAINING } from "../support/job-inputs.ts";
import { backtestResult, trainingResult } from "../support/job-records.ts";
import { measurementRequest } from "../support/batches.ts";
import { measure, wave } from "../support/measured.ts";
import { strategyText } from "../support/strategy-text.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let pool: Pool;
let writer: JobWriter;
let registry: Registry;
let approvals: Approvals;
let decisions: CandidateDecisions;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool(database.url);
  writer = createJobWriter(pool);
  registry = createRegistry(pool);
  approvals = createApprovals(pool);
  decisions = createCandidateDecisions(pool);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const propose = async (jobId: string, by = "claude") =>
  await registry.propose({ jobId, by, reason: "It holds on all days that it did not know." });
/** Each test has a symbol of its own: what is tried on it is counted. */
async function waiting(name: string, symbol: string): Promise<string> {
  const jobId = await recordCandidate(writer, name, { symbol });
  expect(await propose(jobId)).toMatchObject({ stage: "waiting", round: 1 });
  return jobId;
}
async function decided(jobId: string, more: Partial<TypedDecision> = {}) {
  const { hash } = await approvals.show(jobId);
  const { strategy, stage } = await registry.get(jobId);
  const shown = { jobId, name: strategy, stage, evidence: hash };
  const decision = { ...shown, decision: "approve", reason: null, ...more } as const;
  return await approvals.grant(decision, "operator ada");
}
const gatesOf = async (name: string) => (await registry.evidence(`backtest-${name}`)).gates;
const whatOf = async (jobId: string) => (await registry.history(jobId)).map(({ what, stage }) => `${what} ${stage}`);

describe("proposing", () => {
  test("what shows everything waits, for 14 days, and waits no longer for being proposed again", async () => {
    const jobId = await waiting("dip", "AAA");
    const first = await registry.get(jobId);
    expect((Date.parse(first.expiresAt ?? "") - Date.parse(first.waitsSince ?? "")) / 86_400_000).toBe(14);
    const again = await propose(jobId, "another");
    expect(again).toMatchObject({ round: 1, waitsSince: first.waitsSince, expiresAt: first.expiresAt });
    expect(await whatOf(jobId)).toEqual(["proposed waiting", "waits waiting", "refreshed waiting"]);
  });

  test("what lacks a gate is kept as a candidate, and goes on when it is supplied", async () => {
    const jobId = await recordCandidate(writer, "bare", { symbol: "BBB", without: ["walk", "costs"] });
    const kept = await propose(jobId);
    expect(kept).toMatchObject({ stage: "candidate", waitsSince: null });
    const missing = kept.gates.filter(({ required, held }) => required && held !== true).map(({ gate }) => gate);
    expect(missing).toEqual(["walk_forward", "doubled_costs"]);
    await recordCostly(writer, "bare", { symbol: "BBB" });
    await recordWalk(writer, "walk-bare", "bare", { symbol: "BBB" });
    expect(await propose(jobId)).toMatchObject({ stage: "waiting" });
  });

  test("a walk-forward of another text, at lower costs, or of another market does not count", async () => {
    const jobId = await recordCandidate(writer, "alone", { symbol: "CCC", without: ["walk"] });
    await recordWalk(writer, "walk-other-text", "other", { symbol: "CCC" });
    await recordWalk(writer, "walk-other-market", "alone", { symbol: "DDD" });
    expect(await propose(jobId)).toMatchObject({ stage: "candidate" });
  });

  test("only the same model on its days shows what twice both costs leave; of several the cheapest one counts", async () => {
    const symbol = "COSTS";
    const jobId = await recordCandidate(writer, "costs", { symbol, without: ["costs"] });
    const shown = async () => (await propose(jobId)).gates.find(({ gate }) => gate === "doubled_costs");
    await recordCostly(writer, "costs", { symbol, slippage: 0.0005 });
    await recordCostly(writer, "costs", { symbol, commission: 0.001 });
    await recordCostly(writer, "costs", { symbol, n: 1 });
    expect(await shown()).toMatchObject({ held: "unknown", from: [] });
    const dear = await recordCostly(writer, "costs", { symbol, commission: 0.003, totalReturn: 0.05 });
    expect(await shown()).toMatchObject({ held: true, from: [dear] });
    const cheap = await recordCostly(writer, "costs", { symbol, totalReturn: -0.01 });
    expect(await shown()).toMatchObject({ held: false, from: [cheap] });
  });

  test("where bars are kept back, the exam comes before the human", async () => {
    await createHoldoutStore(pool).add({
      symbol: "EEE",
      timeframe: "1d",
      startDate: "2020-01-01",
      alpha: 0.05,
      years: 5,
      firstDay: "2019-10-21",
      lastDay: "2024-12-31",
      bytes: 1_000,
      sha256: "0".repeat(64),
      setBy: "operator test",
    });
    const jobId = await recordCandidate(writer, "exam", { symbol: "EEE" });
    expect(await propose(jobId)).toMatchObject({ stage: "validated" });
  });

  test("a measurement in which the model differs holds it back", async () => {
    const jobId = await recordCandidate(writer, "moved", { symbol: "FFF" });
    const known = { returns: wave(60, 1, 0.002), market: wave(60, 2), counts: [30, 60], measures: jobId };
    const result = measure(known, (whole) => ({ ...whole, raw: { ...whole.raw, sharpe_ratio: 9 } }));
    const request = { ...measurementRequest(2), strategy: "moved", symbol: "FFF", measures: jobId };
    await recordJob(writer, "measure-moved", request, result);
    const kept = await propose(jobId);
    expect(kept.stage).toBe("candidate");
    expect(kept.gates.find(({ gate }) => gate === "model")).toMatchObject({ held: false, from: ["measure-moved"] });
  });

  test("draws that were trained and not tested are told; of two tests of one draw always the same counts", async () => {
    const market = { strategy: "sparse", symbol: "SPARSE" };
    const jobId = await recordCandidate(writer, "sparse", { symbol: "SPARSE" });
    const request = requestOf("sparse", { symbol: "SPARSE" });
    const more = { ...TRAINING, ...market, strategySha256: request.strategySha256 ?? "", draw: 6 };
    const sixth = trainingResult({ ...market, modelPath: "models/sparse/1d_v6" });
    await recordJob(writer, "train-sparse-more", more, sixth);
    const again = backtestResult({ ...market, modelPath: request.modelPath, sharpe: 9 });
    await recordJob(writer, "backtest-a-twin", request, again);
    const draws = (await propose(jobId)).gates.find(({ gate }) => gate === "draws");
    expect(draws).toMatchObject({ figures: { draws: 5, untested: 1 }, from: expect.arrayContaining([jobId]) });
  });

  test("the campaign in which its text was tried must not be overfitted", async () => {
    const jobId = await recordCandidate(writer, "picked", { symbol: "GGG" });
    await pool.query("update jobs set parent_job_id = 'campaign-1' where job_id = 'backtest-picked-draw-1'");
    const kept = async (result: object | null) => {
      await pool.query("delete from results where kind = 'campaign'; delete from jobs where kind = 'campaign'");
      await pool.query(
        `insert into jobs (job_id, kind, request, request_hash, client, priority) values ('campaign-1', 'campaign',
           '{"kind": "campaign"}', 'campaign-1', 'test', 3)`,
      );
      if (result !== null) {
        const row = { kind: "campaign", ...result };
        await pool.query("insert into results (job_id, kind, result) values ('campaign-1', 'campaign', $1)", [row]);
      }
      const { stage, gates } = await propose(jobId);
      return [stage, gates.find(({ gate }) => gate === "overfitting")?.held];
    };
    expect(await kept({ overfitting: { probability: 0.3, loses: 0.1 } })).toEqual(["candidate", false]);
    expect(await kept({ overfitting: { probability: 0.9, loses: 0.01 } })).toEqual(["waiting", true]);
    expect(await kept({ overfitting: null, finalists: [{}] })).toEqual(["waiting", true]);
    expect(await kept({ overfitting: null })).toEqual(["candidate", "unknown"]);
    expect(await kept(null)).toEqual(["candidate", "unknown"]);
    expect(await kept({ overfitting: { probability: 0.1, loses: 0.4 } })).toEqual(["waiting", true]);
    await pool.query("delete from results where kind = 'campaign'; delete from jobs where kind = 'campaign'");
  });

  test("what luck explains, or is no finished backtest, is refused and not kept", async () => {
    const jobId = await recordCandidate(writer, "lucky", { symbol: "HHH", result: { sharpe: 0.2, trades: 12 } });
    await expect(propose(jobId)).rejects.toMatchObject({
      code: "not_eligible",
      why: expect.stringMatching(/luck: .*trades: It made 12 trades, and 30 are needed/s),
      next: expect.stringContaining("more days"),
    });
    await expect(registry.get(jobId)).rejects.toMatchObject({ code: "candidate_not_found" });
    await recordJob(writer, "train-only", { ...TRAINING, symbol: "HHH" }, trainingResult({ symbol: "HHH" }));
    await expect(propose("train-only")).rejects.toMatchObject({ code: "not_eligible" });
    await expect(propose("backtest-nowhere")).rejects.toMatchObject({ code: "task_not_found" });
    await writer.admit(inputOf("backtest-open", BACKTEST), null);
    await expect(propose("backtest-open")).rejects.toMatchObject({ code: "task_not_finished" });
  });

  test("one that shows too little now stops waiting", async () => {
    const jobId = await waiting("fading", "III");
    await pool.query("update results set result = jsonb_set(result, '{trades}', '3') where job_id = $1", [jobId]);
    await expect(propose(jobId)).rejects.toMatchObject({ code: "not_eligible" });
    expect(await registry.get(jobId)).toMatchObject({ stage: "candidate", waitsSince: null });
    expect(await decisions.settle({ jobId, round: 1 })).toMatchObject({ over: true, stage: "candidate" });
  });
});

describe("a decision", () => {
  test("makes a champion when it is carried out, and replaces the one before", async () => {
    const first = await waiting("one", "JJJ");
    const granted = await decided(first);
    expect(await registry.get(first)).toMatchObject({ stage: "waiting" });
    expect(await approvals.carriedOut(granted)).toBe(false);
    expect(await decisions.open()).toContainEqual(expect.objectContaining({ jobId: first, decision: "approve" }));
    expect(await decisions.settle(granted)).toEqual({ stage: "champion", over: true, leftMs: 0 });
    expect(await decisions.settle(granted)).toEqual({ stage: "champion", over: true, leftMs: 0 });
    expect(await approvals.carriedOut(granted)).toBe(true);
    const second = await waiting("two", "JJJ");
    await decisions.settle(await decided(second));
    expect(await registry.list({ symbol: "JJJ", stages: ["champion"], limit: 10 })).toMatchObject([{ jobId: second }]);
    expect(await whatOf(first)).toEqual([
      "proposed waiting",
      "waits waiting",
      "approved champion",
      "replaced replaced",
    ]);
    expect((await registry.history(first)).at(-1)).toMatchObject({
      by: "operator ada",
      reason: `${second} took its place`,
    });
  });

  test("of two candidates that are approved at once leaves one champion", async () => {
    const [one, two] = [await waiting("twin", "TTT"), await recordCandidate(writer, "other", { symbol: "TTT" })];
    expect(await propose(two)).toMatchObject({ stage: "waiting" });
    const granted = [await decided(one), await decided(two)];
    const stages = (await Promise.all(granted.map((each) => decisions.settle(each)))).map(({ over }) => over);
    expect(stages).toEqual([true, true]);
    expect(await registry.list({ symbol: "TTT", stages: ["champion"], limit: 9 })).toHaveLength(1);
    expect(await registry.list({ symbol: "TTT", stages: ["replaced"], limit: 9 })).toHaveLength(1);
  });

  test("is made once, under the right name, of the evidence as it is", async () => {
    const jobId = await waiting("strict", "KKK");
    const { hash } = await approvals.show(jobId);
    await expect(decided(jobId, { name: "Strict" })).rejects.toMatchObject({
      code: "approval_refused",
      valid: ["strict"],
    });
    await expect(decided(jobId, { evidence: "f".repeat(64) })).rejects.toMatchObject({
      code: "evidence_changed",
      why: expect.stringContaining("never shown"),
    });
    await recordCandidate(writer, "disturbing", { symbol: "KKK", without: ["walk", "costs", "draws"] });
    await expect(decided(jobId, { evidence: hash })).rejects.toMatchObject({
      code: "evidence_changed",
      why: expect.stringMatching(/^luck: .*trials was \d+ and is \d+/),
    });
    await decided(jobId);
    await expect(decided(jobId)).rejects.toMatchObject({
      code: "not_waiting",
      why: expect.stringContaining("operator ada has decided already"),
    });
    const row = await pool.query("select by, name, evidence from candidate_grants where job_id = $1", [jobId]);
    expect(row.rows).toMatchObject([{ by: "operator ada", name: "strict" }]);
  });

  test("of two at once one counts", async () => {
    const jobId = await waiting("race", "LLL");
    const both = await Promise.allSettled([decided(jobId), decided(jobId, { decision: "reject", reason: "No." })]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  });

  test("is refused when the evidence changes before it is carried out, and the candidate waits on", async () => {
    const jobId = await waiting("late", "MMM");
    const granted = await decided(jobId);
    await recordCandidate(writer, "between", { symbol: "MMM", without: ["walk", "costs", "draws"] });
    expect(await decisions.settle(granted)).toMatchObject({ stage: "waiting", over: false });
    expect((await registry.history(jobId)).at(-1)).toMatchObject({
      what: "refused",
      by: "the registry",
      reason: expect.stringMatching(/evidence changed after operator ada approved it: luck: .*trials was/),
    });
    const { lastAt, changedAt } = await registry.get(jobId);
    expect(Date.parse(lastAt ?? "")).toBeGreaterThan(Date.parse(changedAt));
    await decisions.settle(await decided(jobId));
    expect(await registry.get(jobId)).toMatchObject({ stage: "champion" });
  });

  test("rejects for good, with the reason on record", async () => {
    const jobId = await waiting("bad", "NNN");
    await decisions.settle(await decided(jobId, { decision: "reject", reason: "It trades in one month only." }));
    expect(await registry.get(jobId)).toMatchObject({ stage: "rejected" });
    await expect(propose(jobId)).rejects.toMatchObject({
      code: "not_eligible",
      what: expect.stringContaining("was rejected by operator ada"),
      why: "It trades in one month only.",
    });
    const forced = {
      ...requestOf("bad", { symbol: "NNN" }),
      insisted: [{ codes: ["x"], reason: "Once more, please." }],
    };
    await recordJob(
      writer,
      "backtest-bad-forced",
      forced,
      backtestResult({ strategy: "bad", symbol: "NNN", sharpe: 2.4 }),
    );
    await expect(propose("backtest-bad-forced")).rejects.toMatchObject({
      code: "not_eligible",
      what: expect.stringContaining(`${jobId}, which asks for the same, was rejected by operator ada`),
    });
  });

  test("tells every later candidate with the same rules, under whatever name, that humans rejected them", async () => {
    const market = { symbol: "OOO" };
    const reason = "It trades in one month only.";
    const jobId = await recordCandidate(writer, "first", { ...market, text: strategyText("first") });
    await propose(jobId);
    await decisions.settle(await decided(jobId, { decision: "reject", reason }));
    await recordCandidate(writer, "renamed", { ...market, text: strategyText("renamed") });
    await recordCandidate(writer, "changed", { ...market, text: strategyText("changed", 13) });
    await recordCandidate(writer, "elsewhere", { symbol: "OOQ", text: strategyText("elsewhere") });
    const told = async (name: string) => (await gatesOf(name)).find(({ gate }) => gate === "rejections");
    expect(await told("renamed")).toMatchObject({
      held: false,
      required: false,
      figures: { rejected: 1 },
      says: `Humans rejected a candidate with these rules on OOO 1d, the last one as first: ${reason}`,
      from: [jobId],
    });
    expect(await propose("backtest-renamed")).toMatchObject({ stage: "waiting" });
    for (const name of ["changed", "elsewhere"]) expect(await told(name)).toMatchObject({ held: true, from: [] });
  });

  test("to reject survives whatever agents do while no worker runs", async () => {
    const jobId = await waiting("firm", "FIRM");
    const granted = await decided(jobId, { decision: "reject", reason: "It trades in one month only." });
    const refused = { code: "not_waiting", why: expect.stringContaining("operator ada has decided already (reject)") };
    await expect(registry.withdraw({ jobId, by: "claude", reason: "Not so fast." })).rejects.toMatchObject(refused);
    await expect(propose(jobId)).rejects.toMatchObject(refused);
    expect(await decisions.settle(granted)).toMatchObject({ stage: "rejected", over: true });
  });

  test("to reject needs no evidence, which may have changed or be gone", async () => {
    const jobId = await waiting("hollow", "HOLLOW");
    const granted = await decided(jobId, { decision: "reject", reason: "No.", evidence: "f".repeat(64) });
    const { evidence } = await registry.get(jobId);
    const kept = await pool.query("select evidence from candidate_grants where job_id = $1", [jobId]);
    expect(kept.rows).toEqual([{ evidence }]);
    await pool.query("delete from results where job_id = $1", [jobId]);
    expect(await decisions.settle(granted)).toMatchObject({ stage: "rejected", over: true });
  });

  test("to reject counts of the stage that was shown", async () => {
    const jobId = await waiting("moved-on", "MOVED");
    await decisions.settle(await decided(jobId));
    await expect(decided(jobId, { decision: "reject", reason: "No.", stage: "waiting" })).rejects.toMatchObject({
      code: "not_waiting",
      what: expect.stringContaining("is champion, and was waiting"),
    });
    expect(await registry.get(jobId)).toMatchObject({ stage: "champion" });
  });

  test("takes the title of a champion at once, for a reason", async () => {
    const jobId = await waiting("fallen", "SSS");
    await decisions.settle(await decided(jobId));
    const reject = { decision: "reject", reason: "It lost for six months." } as const;
    await expect(decided(jobId, { ...reject, name: "Fallen" })).rejects.toMatchObject({ code: "approval_refused" });
    expect(await approvals.carriedOut(await decided(jobId, reject))).toBe(true);
    expect(await registry.get(jobId)).toMatchObject({ stage: "demoted", lastReason: reject.reason });
    expect(await propose(jobId)).toMatchObject({ stage: "waiting", round: 2 });
  });

  test("that nobody wrote down approves nothing, whoever asks for it to be carried out", async () => {
    const jobId = await waiting("raw", "OOO");
    expect(await decisions.settle({ jobId, round: 1 })).toMatchObject({ stage: "waiting", over: false });
    expect(await decisions.settle({ jobId, round: 7 })).toMatchObject({ over: true });
    expect(await registry.get(jobId)).toMatchObject({ stage: "waiting" });
  });
});

describe("an end", () => {
  test("comes when nobody decides in time; then it may wait anew", async () => {
    const jobId = await waiting("slow", "PPP");
    await pool.query("update candidates set expires_at = now() where job_id = $1", [jobId]);
    await expect(decided(jobId)).rejects.toMatchObject({
      code: "not_waiting",
      why: expect.stringContaining("proposed again"),
    });
    expect(await decisions.settle({ jobId, round: 1 })).toEqual({ stage: "expired", over: true, leftMs: 0 });
    expect(await propose(jobId)).toMatchObject({ stage: "waiting", round: 2 });
    expect(await decisions.settle({ jobId, round: 1 })).toMatchObject({ over: true });
  });

  test("comes by withdrawing, of what is open only", async () => {
    const jobId = await waiting("taken", "QQQ");
    const withdraw = async () => await registry.withdraw({ jobId, by: "claude", reason: "Its bars were wrong." });
    expect(await withdraw()).toMatchObject({ stage: "withdrawn" });
    await expect(withdraw()).rejects.toMatchObject({ code: "not_waiting" });
    await expect(decided(jobId)).rejects.toMatchObject({ code: "not_waiting", why: expect.stringContaining("wrong") });
    expect((await registry.history(jobId)).at(-1)).toMatchObject({ what: "withdrawn", by: "claude" });
    expect(await propose(jobId)).toMatchObject({ stage: "waiting", round: 2 });
    await expect(registry.withdraw({ jobId: "backtest-no", by: "x", reason: "y" })).rejects.toMatchObject({
      code: "candidate_not_found",
    });
  });
});

test("days after its approval speak for or against a champion, those that were measured first and longest", async () => {
  const raw = { sharpe_ratio: 2.4, volatility: 0.01 * Math.sqrt(252) };
  const jobId = await recordCandidate(writer, "watched", { symbol: "UUU", result: { raw } });
  await propose(jobId);
  await decisions.settle(await decided(jobId));
  expect(await registry.forward(jobId)).toBeNull();
  const measured = async (id: string, startDate: string, sum: number) => {
    const days = { startDate, endDate: "2101-01-31" };
    const request = {
      ...requestOf("watched", { symbol: "UUU" }),
      ...days,
      kind: "measurement",
      measures: "x",
      ends: [],
    } as const;
    const known = { returns: wave(60, 1, 0.002), market: wave(60, 2), counts: [30, 60] };
    const block = { end: startDate, count: 21, sum, squares: 0, equity: 1, holding: null };
    const result = { ...measure(known), ...days, blocks: Array.from({ length: 14 }, () => block) };
    await recordJob(writer, id, request, result);
  };
  await measured("measure-before", "2015-01-02", -0.2);
  expect(await registry.forward(jobId)).toBeNull();
  await measured("measure-late", "2100-06-01", 0.2);
  expect(await registry.forward(jobId)).toMatchObject({ blocks: 14, mean: "above 0" });
  await measured("measure-whole", "2100-01-01", -0.2);
  expect(await registry.forward(jobId)).toMatchObject({ blocks: 14, mean: "below 0" });
  await decided(jobId, { decision: "reject", reason: "It lost." });
  expect(await registry.forward(jobId)).toBeNull();
});

test("the history, the evidence and the decisions refuse to be changed", async () => {
  const jobId = await waiting("kept", "RRR");
  await decided(jobId);
  for (const statement of [
    `update candidate_events set reason = 'x' where job_id = '${jobId}'`,
    `delete from candidate_events where job_id = '${jobId}'`,
    "truncate candidate_events",
    `update candidate_evidence set gates = '[]' where job_id = '${jobId}'`,
    `delete from candidate_evidence where job_id = '${jobId}'`,
    "truncate candidate_evidence cascade",
    `update candidate_grants set decision = 'reject', used_at = now() where job_id = '${jobId}'`,
    `update candidate_grants set used_at = null where job_id = '${jobId}'`,
    `delete from candidate_grants where job_id = '${jobId}'`,
    "truncate candidate_grants",
  ]) {
    await expect(pool.query(statement)).rejects.toThrow(/only ever added to|stays as it was|permission denied/);
  }
});
