/**
 * How often a campaign ends with a candidate, or a validated one, on markets with a planted edge and on noise. `SEEDS` (2) is
 * the number of markets of each sort; `SORT=noise` takes one sort only, `AT_ONCE` so many campaigns at a time. Each
 * campaign has a market of its own, so none counts the trials of another. Every finalist of a campaign is proposed, not
 * only its best.
 */
import { z } from "zod";
import { Anything, Started } from "../demo/answers.ts";
import { addStrategy, DIMENSIONS, finished, PERIODS } from "./campaigns.ts";
import { report, withLab, type Bench } from "./support.ts";
import { addMarket } from "./synthetic-market.ts";

const SEEDS = Number(process.env["SEEDS"] ?? 2);
const AT_ONCE = Number(process.env["AT_ONCE"] ?? 4);
const SORTS = { swings: "SWING", noise: "NOISE" } as const;
const wanted = process.env["SORT"];

/** What such a campaign asks for. Everything that a validated candidate needs is among it. */
const BUDGET = { trainings: 60, finalists: 2, draws: 5, walk_windows: 4, walk_draws: 1 };

/** A lab whose KTRDR computes at once: what is asked here is what comes out, not how long it takes. */
const QUICK = { SANDBOX_TIME_SCALE: "0.02", KTRDR_POLL_INTERVAL_MS: "250" };

const Told = z.looseObject({
  headline: z.string(),
  leaderboard: z.array(z.looseObject({ task_id: z.string(), luck: z.string().optional() })),
});
const Listed = z.looseObject({
  candidates: z.array(z.looseObject({ task_id: z.string().optional(), stage: z.string() })),
});

interface Came {
  /** `nothing` without a finalist, `refused` when none may be proposed; else the furthest stage of its finalists. */
  readonly to: string;
  readonly luck: readonly string[];
  readonly headline: string;
}

/** How far the finalists of one campaign came in the registry. */
async function campaign({ claude, lab }: Bench, sort: keyof typeof SORTS, seed: number): Promise<Came> {
  const symbol = `${SORTS[sort]}${seed}`;
  const strategy = symbol.toLowerCase();
  await addMarket(lab.dir, symbol, sort, 1_000 * seed);
  await addStrategy(lab.dir, strategy, symbol, 12);
  const asked = { strategy, ...PERIODS, dimensions: DIMENSIONS, ...BUDGET };
  const { task_id: id } = await claude.call("start_campaign", asked, Started);
  await finished(claude, id);
  const { leaderboard, headline } = await claude.call("get_results", { task_id: id }, Told);
  for (const { task_id } of leaderboard) await proposed(claude, task_id);
  const { candidates } = await claude.call("list_candidates", {}, Listed);
  const stages = leaderboard.flatMap(
    ({ task_id: job }) => candidates.find(({ task_id }) => task_id === job)?.stage ?? [],
  );
  const furthest = ["waiting", "validated", "candidate"].find((stage) => stages.includes(stage));
  const to = furthest ?? (leaderboard.length === 0 ? "nothing" : "refused");
  return { to, luck: leaderboard.map(({ luck = "unknown" }) => luck), headline };
}

async function proposed(claude: Bench["claude"], taskId: string): Promise<void> {
  try {
    await claude.call("propose_champion", { task_id: taskId, reason: "a finalist of its campaign" }, Anything);
  } catch (error) {
    if (!(error instanceof Error && error.message.includes("luck"))) throw error;
  }
}

await withLab(QUICK, async (bench) => {
  const rows: Record<string, string | number>[] = [];
  const sorts = (Object.keys(SORTS) as (keyof typeof SORTS)[]).filter((sort) => (wanted ?? sort) === sort);
  for (const sort of sorts) {
    const came: string[] = [];
    const seeds = Array.from({ length: SEEDS }, (_, index) => index + 1).values();
    const lane = async () => {
      for (const seed of seeds) {
        const { to, luck, headline } = await campaign(bench, sort, seed);
        console.log(`${sort} ${seed}: ${to}, luck ${luck.join(" and ") || "of none"}; ${headline}`);
        came.push(to);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    const count = (...ends: string[]) => came.filter((to) => ends.includes(to)).length;
    // Without a holdout, what is validated waits for a human at once.
    rows.push({
      market: sort,
      campaigns: SEEDS,
      "no finalist": count("nothing"),
      "none may be proposed": count("refused"),
      candidate: count("candidate"),
      validated: count("validated", "waiting"),
    });
    await report("discoveries", rows);
  }
});
