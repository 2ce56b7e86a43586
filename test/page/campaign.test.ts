/** A campaign as the page shows it, in every state, with texts of attackers, and with a thousand points. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CampaignRequest } from "../../src/domain/kinds/campaign.ts";
import { createLogger } from "../../src/logger.ts";
import { fragmentAt } from "../../src/page/fragment.ts";
import { createPage } from "../../src/page/page.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import { ONE_BLOCK } from "../support/campaign-results.ts";
import { picturesIn } from "../support/page-addresses.ts";
import { recordCampaign, repeatPoints, SPACE } from "../support/recorded-campaign.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

async function answerOf(path: string): Promise<string> {
  const page = createPage({ deps: async () => stack.deps, log: createLogger("test", "silent") });
  const answer = await page.request(path);
  expect(answer.status, path).toBe(200);
  return await answer.text();
}
const textOf = async (path: string) => await answerOf(`${path}?as=text`);
const htmlOf = async (path: string) => await answerOf(path);
const leadOf = (text: string): string => text.split("\n")[3] ?? "";

const BUDGET = { trainings: 140, trials: 20, hours: 50, deadline: null } as const;
const SUGGESTED = { "dip.period": 7, "training.learning_rate": 0.001, "architecture.hidden_layers": [32] };

describe("one that has ended", () => {
  const at = "/runs/campaign-ended-1";
  beforeAll(async () => {
    await recordCampaign(stack, "campaign-ended-1", {
      refused: (n) => (n % 20 === 7 ? "dip.period: it is longer than the warm-up" : null),
      orders: [
        { order: { kind: "suggest", points: [SUGGESTED] }, reason: "Seven days held before.", client: "claude 1.0" },
        { order: { kind: "budget", budget: { trials: 18 } }, reason: "Seven days held before.", client: "claude 1.0" },
      ],
    });
  });

  test("says first why it ended, why the search did, and what was used up", async () => {
    const text = await textOf(at);
    expect(leadOf(text)).toMatch(
      /^It has ended: All finalists were tested and examined\. The search ended: of 140 trainings \d+ are used up, and the rest is kept for finalists or too small for another bracket\. Used up: \d+ of 140 trainings \(\d+ left\), \d+ of 18 trials \(\d+ left\), \d\.\d of 50 hours of computing \(\d+\.\d left\)\.$/,
    );
    expect(text).not.toMatch(/undefined|null|NaN|Infinity|\[object/);
  });

  test("says what measurements of its finalists warn of, on the page and in the answer", async () => {
    const { finalists } = await resultOf("campaign-ended-1");
    const text = await textOf(at);
    for (const { strategy } of finalists) expect(text).toContain(`The measurement of ${strategy} warns: ${ONE_BLOCK}`);
    const { leaderboard, next } = await stack.ask("get_results", { task_id: "campaign-ended-1" });
    expect(leaderboard).toMatchObject(finalists.map(() => ({ measurement_warns: [ONE_BLOCK] })));
    expect(next).toContain(`propose_champion with task_id ${finalists[0]?.jobId} `);
  });

  test("has each rung in its funnel, with what was no valid strategy and what failed", async () => {
    const text = await textOf(at);
    expect(text).toMatch(/proposed\s+\d+\s+\d/);
    expect(text).toMatch(/rung 1: 4 epochs, 1 draw\s+\d+\s+\d+\s+\d/);
    expect(text).toMatch(/rung 3: 40 epochs, 3 draws\s+\d+\s+\d+/);
    expect(text).toMatch(/finalists\s+3\n/);
    expect(text).toMatch(/walked forward\s+3\n/);
    expect(text).toMatch(/- \d points: dip\.period: it is longer than the warm-up/);
  });

  test("ranks finalists by their median less error, each draw and proof beside it", async () => {
    const { finalists } = await resultOf("campaign-ended-1");
    const text = await textOf(at);
    const orders = finalists.map(({ strategy }) => text.indexOf(`strategy: ${strategy}`));
    expect(orders.every((place) => place > 0)).toBe(true);
    expect(orders).toEqual(orders.toSorted((a, b) => a - b));
    const [first] = finalists;
    expect(text).toContain(`median less error: ${first?.decisive?.toFixed(2)}`);
    expect(text).toContain(`draws: ${first?.sharpes.map((one) => one?.toFixed(2)).join(", ")}\n`);
    expect(text).toContain("windows above 0: 1 of 2");
    expect(text).toMatch(
      / leads on SPX: the median Sharpe of \d draws is \d\.\d\d, less one standard error -?\d\.\d\d\. /,
    );
    const html = await htmlOf(at);
    for (const { strategy, jobId, costs, walk, measured } of finalists)
      for (const link of [
        `/strategies/${strategy}`,
        ...[jobId, costs?.jobId, walk?.jobId, measured?.jobId].map((id) => `/runs/${id}`),
      ])
        expect(html).toContain(`href="${link}"`);
  });

  test("tells of each dimension where low losses lie, and draws it", async () => {
    const text = await textOf(at);
    expect(text).toMatch(
      /dip\.period, int 3 to 21\. Of \d+ points the \d+ with the lowest losses have \d+ in the middle, half of them \d+ to \d+\. The lowest on rung 3 is \d\.\d+, at \d+\./,
    );
    expect(text).toMatch(
      /architecture\.hidden_layers, one of \[16,8\], \[32\], \[8,4\]\. Median loss of \d+ points by value/,
    );
    const pictures = picturesIn(await htmlOf(at));
    expect(pictures).toHaveLength(2 + SPACE.length);
    for (const picture of pictures)
      for (const form of ["", "?dark", "?narrow", "?dark&narrow"])
        expect(await answerOf(`${picture}${form}`)).toMatch(/^<svg/);
    // The legend and points of each rung, and a ring around what was suggested.
    const slice = await answerOf("/pictures/slices/campaign-ended-1.1.svg");
    for (const seen of ["training.learning_rate", "rung 1", "rung 2", "rung 3", "#b0489b"])
      expect(slice).toContain(seen);
  });

  test("shows the orders with whose words they are, each reason once", async () => {
    const text = await textOf(at);
    expect(text).toMatch(
      /UTC: lowers the budget: trials 18\.\n\n.* UTC: suggests 1 point\.\n\n> Seven days held before\.\n\(The words of claude 1\.0/,
    );
  });

  test("is a fragment with its drawings in it", async () => {
    const { html } = await fragmentAt(stack.deps, at);
    expect(html.match(/src="data:image\/svg\+xml;base64,/g)).toHaveLength(2 + SPACE.length);
  });

  test("is listed among the runs, and on the page of its strategy", async () => {
    expect(await answerOf("/runs?kind=campaign&as=text")).toMatch(/kind: campaign\n\s+strategy: spx_dip/);
    expect(await textOf("/strategies/spx_dip")).toMatch(/campaigns:\s+1 completed \(campaign-ended-1\)/);
    const [first] = (await resultOf("campaign-ended-1")).finalists;
    expect(await textOf(`/strategies/${first?.strategy}`)).toMatch(/point of the campaign:\s+campaign-ended-1\n/);
  });
});

async function resultOf(jobId: string) {
  const result = await stack.deps.records.results.get(jobId);
  if (result?.kind !== "campaign") throw new Error(`${jobId} has no result`);
  return result;
}

describe("one that goes on", () => {
  test("says that it searches, what comes next, and how long it goes on", async () => {
    await recordCampaign(stack, "campaign-search-1", { until: "rung", request: { seed: 2 } });
    const text = await textOf("/runs/campaign-search-1");
    expect(leadOf(text)).toMatch(
      /^It searches: it trains points of a bracket \(\d+ of \d+ ended in this step\)\. Used up: .* Next: the best third by validation loss goes on.* By the pace so far it goes on for .*, or less\. Nothing begins after its deadline, 2099-03-02 08:00 UTC\.$/,
    );
    expect(text).toContain("No finalist was backtested yet.");
    expect(text).not.toMatch(/undefined|null|NaN|Infinity|\[object/);
    expect(await htmlOf("/runs/campaign-search-1")).toContain("<script");
  });

  test("says that it tests, and who leads so far", async () => {
    await recordCampaign(stack, "campaign-tests-1", { until: "tests", request: { seed: 3, budget: BUDGET } });
    const text = await textOf("/runs/campaign-tests-1");
    expect(leadOf(text)).toMatch(
      /^It tests: it backtests further draws of the finalists.* The search ended: .* It has no deadline\.$/,
    );
    expect(text).toMatch(/ leads on SPX: the median Sharpe of \d draws? is/);
    expect(text).toMatch(/walked forward\s+0\n/);
  });

  test("says before its first step that nothing was proposed", async () => {
    const request: Partial<CampaignRequest> = { seed: 4 };
    await recordCampaign(stack, "campaign-new-1", { until: "none", request });
    const text = await textOf("/runs/campaign-new-1");
    expect(leadOf(text)).toContain("It searches");
    expect(text).toContain("No point was proposed yet.");
    expect(text).toContain("- dip.period: int 3 to 21");
    expect(picturesIn(await htmlOf("/runs/campaign-new-1"))).toEqual([]);
  });
});

describe("one that came to nothing", () => {
  test("was cancelled while it searched, and shows what it found until then", async () => {
    await recordCampaign(stack, "campaign-cancelled-1", { until: "rung", ended: "cancelled", request: { seed: 5 } });
    const text = await textOf("/runs/campaign-cancelled-1");
    expect(leadOf(text)).toMatch(/^It was cancelled while it searched\. Used up: \d+ of 140 trainings/);
    expect(text).toContain("No finalist was backtested.");
    expect(text).toMatch(/The lowest on rung 3 is/);
  });

  test("had no trials for a finalist", async () => {
    const budget = { ...BUDGET, trainings: 40, trials: 2, hours: null };
    await recordCampaign(stack, "campaign-poor-1", { request: { seed: 6, budget } });
    const text = await textOf("/runs/campaign-poor-1");
    expect(leadOf(text)).toMatch(
      /^It has ended: The search ended: the budget of trials.* hours of computing, which are not limited\.$/,
    );
  });

  test("failed because its trainings did", async () => {
    await recordCampaign(stack, "campaign-failed-1", { ended: "failed", fails: () => true, request: { seed: 7 } });
    const text = await textOf("/runs/campaign-failed-1");
    expect(leadOf(text)).toMatch(/^It failed while it searched: It failed\. Used up/);
    expect(text).toContain("No point has left a model yet.");
    expect(text).toContain("Why it failed");
  });
});

/** Texts in every place of a campaign that others write. */
const ATTACK = `"><svg onload=__pwned=1></script><script>__pwned = 1</script>`;
const HIDDEN = "abc\u202Etxt.exe\u200B";

test("shows texts of attackers as text, in pictures too", async () => {
  await recordCampaign(stack, "campaign-attack-1", {
    request: {
      seed: 8,
      dimensions: [{ op: "set", target: "description", choice: [ATTACK, HIDDEN, `${ATTACK} 2`, { [ATTACK]: HIDDEN }] }],
      budget: { ...BUDGET, trainings: 12, trials: 5 },
      finalists: 1,
    },
    refused: (n) => (n === 1 ? `${ATTACK}${HIDDEN}` : null),
    orders: [{ order: { kind: "finish" }, reason: `${ATTACK}\n${HIDDEN}`, client: ATTACK }],
    until: "rung",
  });
  const html = await htmlOf("/runs/campaign-attack-1");
  const pictures = await Promise.all(picturesIn(html).map(answerOf));
  for (const written of [html, ...pictures]) {
    expect(written).not.toMatch(/<svg onload|<script>__pwned/);
    expect(written).not.toMatch(/[\u202E\u200B]/);
  }
  expect(html).toContain("&lt;script&gt;__pwned = 1&lt;/script&gt;");
  expect(html).toContain("txt.exe");
});

test("holds no losses of different labels against each other", async () => {
  const labels = { op: "set_labels" as const, target: "zigzag_threshold", choice: [0.02, 0.03] };
  await recordCampaign(stack, "campaign-labels-1", {
    until: "first",
    request: { seed: 9, dimensions: [...SPACE, labels] },
  });
  const text = await textOf("/runs/campaign-labels-1");
  expect(text).toContain(
    "labels.zigzag_threshold changes what a loss measures: losses of its settings cannot be compared.",
  );
  expect(text).toMatch(
    /of labels\.zigzag_threshold 0\.02 the \d+ with .* of labels\.zigzag_threshold 0\.03 the \d+ with/,
  );
  expect(picturesIn(await htmlOf("/runs/campaign-labels-1"))).toHaveLength(2 + SPACE.length);
  const slice = await answerOf("/pictures/slices/campaign-labels-1.0.svg");
  expect(slice.match(/>labels\.zigzag_threshold 0\.0[23]</g)).toHaveLength(2);
  const page = createPage({ deps: async () => stack.deps, log: createLogger("test", "silent") });
  for (const none of ["campaign-labels-1.3", "campaign-labels-1", "none.0", "campaign-labels-1.x"])
    expect((await page.request(`/pictures/slices/${none}.svg`)).status, none).toBe(404);
});

test("is as short as all others with a thousand points", async () => {
  await recordCampaign(stack, "campaign-large-1", {
    until: "rung",
    request: { seed: 10, budget: { ...BUDGET, hours: null } },
  });
  await repeatPoints(stack.databaseUrl, "campaign-large-1", 40);
  const { points } = await stack.deps.records.campaigns.record("campaign-large-1");
  expect(points.length).toBeGreaterThan(1_000);
  const html = await htmlOf("/runs/campaign-large-1");
  expect(html.length).toBeLessThan(60_000);
  expect(html).toContain(`proposed</td><td class="figures">${points.length}<`);
  const slice = await answerOf("/pictures/slices/campaign-large-1.0.svg");
  expect(slice.match(/<use /g)?.length).toBeGreaterThan(900);
  // A host gets a fragment within one message: a drawing that is too large is left out, and its words stay.
  const { html: fragment } = await fragmentAt(stack.deps, "/runs/campaign-large-1");
  expect(fragment.match(/<img /g)).toHaveLength(1);
  expect(fragment).toContain("dip.period, int 3 to 21. Of ");
});
