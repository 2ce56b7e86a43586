/**
 * A campaign whose lab is killed part by part, again and again, beside an undisturbed one with the same seed: the same
 * steps, points, jobs and figures. The sandbox draws every training alike here (SANDBOX_SEED), and no training is long
 * enough for a checkpoint, from which it would go on with other chances. `TRAININGS` makes it longer.
 */
import path from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import type { CampaignRecord } from "../../src/domain/campaign/state.ts";
import { ROOT } from "../../src/root.ts";
import { createCampaignReader } from "../../src/store/campaigns.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { withPool } from "../backup/support.ts";
import { Research } from "../support/research.ts";
import { Random } from "./random.ts";

const TRAININGS = Number(process.env["TRAININGS"] ?? 14);
const SEED = Number(process.env["SEED"] ?? 1);
/** A part is killed whenever so many computations have begun. */
const KILL_EVERY = 4;
const IS_LONG = TRAININGS >= 30;

/** Where there is something to find: elsewhere a campaign ends before it examines its finalists. */
const SYMBOL = "SYNTREND";

const CAMPAIGN = {
  strategy: "zones",
  train: ["2000-01-03", "2004-12-31"],
  test: ["2005-01-03", IS_LONG ? "2007-12-31" : "2005-12-30"],
  dimensions: [
    { op: "set_parameter", target: "osc.period", int: [5, 25] },
    { op: "widen_membership", target: "zone", float: [0.8, 1.2] },
    { op: "set_training", target: "learning_rate", log: [0.001, 0.02] },
  ],
  trainings: TRAININGS,
  finalists: 2,
  draws: 3,
  walk_windows: IS_LONG ? 4 : 0,
  walk_draws: 1,
};

const PARTS = ["worker", "worker", "ktrdr-api", "postgres", "temporal"];

/** What must not depend on who died when: all but moments, and ids of KTRDR's. */
const essence = ({ steps, points, runs }: CampaignRecord) => ({
  steps,
  points,
  runs: runs.map(({ step, point, role, rung, draw, request, status, figures }) => {
    const { modelPath: _path, agrees, ...figured } = figures ?? { modelPath: null, agrees: null };
    return {
      step,
      point,
      role,
      rung,
      draw,
      strategy: "strategy" in request && request.strategy,
      status,
      agrees,
      figured,
    };
  }),
});

async function carryOut(disturb: (research: Research, ended: AbortSignal) => Promise<number>) {
  const research = await Research.begin("modern", { SANDBOX_SEED: "7" });
  try {
    await research.writeStrategy("zones", 9, SYMBOL);
    const { task_id: campaign } = await research.call("start_campaign", CAMPAIGN);
    const over = new AbortController();
    const disturbing = disturb(research, over.signal);
    await research.follow(campaign, "completed");
    over.abort();
    const kills = await disturbing;
    const { DATABASE_URL: url = "" } = research.lab.env;
    const [record, counts] = await withPool(url, async (pool) => [
      await createCampaignReader(pool).record(campaign),
      await createLedger(pool).counts([SYMBOL]),
    ]);
    const verified = await execa(path.join(ROOT, "bin/ktrdr-mcp"), ["ledger", "verify"], { env: research.lab.env });
    expect(verified.stdout).toMatch(/every backtest has its line\.$/);
    return { record, trials: counts.get(SYMBOL), kills };
  } finally {
    await research.end();
  }
}

/** @returns how many parts were killed */
async function killAgainAndAgain(research: Research, ended: AbortSignal): Promise<number> {
  const random = new Random(SEED, 0);
  let kills = 0;
  while (!ended.aborted) {
    // The sandbox writes the file with its first line.
    const lines = await research.computations("").catch(() => []);
    const begun = lines.filter(({ event }) => event === "start").length;
    if (begun < KILL_EVERY * (kills + 1)) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      continue;
    }
    const part = random.pick(PARTS);
    const pid = research.lab.kill(part);
    kills += 1;
    await research.lab.back(part, pid);
  }
  return kills;
}

it("ends with the same steps, points and figures as an undisturbed one", async () => {
  const undisturbed = await carryOut(async () => 0);
  const killed = await carryOut(killAgainAndAgain);
  process.stdout.write(`${killed.kills} kills in a campaign of ${killed.record.runs.length} jobs\n`);
  expect(killed.kills).toBeGreaterThan(1);
  expect(essence(killed.record)).toEqual(essence(undisturbed.record));
  expect(killed.trials).toBe(undisturbed.trials);
  const ids = killed.record.runs.map(({ jobId }) => jobId);
  expect(new Set(ids).size).toBe(ids.length);
});
