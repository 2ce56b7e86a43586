/** Texts of attackers in every place that others write, read in a real browser. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JobFailure } from "../../src/domain/outcome.ts";
import { createPool, run } from "../../src/store/pool.ts";
import { inBrowser, startBrowser, type TestBrowser } from "../support/browser.ts";
import { BACKTEST, inputOf, outcomeOf, TRAINING } from "../support/job-inputs.ts";
import { backtestResult, recordTraining } from "../support/job-records.ts";
import { goTo, inPage, openPage, type Opened } from "../support/opened-page.ts";
import { addressesOf } from "../support/page-addresses.ts";
import { recordCampaign } from "../support/recorded-campaign.ts";
import { startPageSite, type PageSite } from "../support/page-site.ts";
import type { Stack } from "../support/mcp-stack.ts";

const TEXTS = [
  `<script>__pwned = 1</script>`,
  `<img src=x onerror=__pwned=1>`,
  `"><svg onload=__pwned=1>`,
  `' onmouseover='__pwned=1' autofocus onfocus='__pwned=1`,
  `javascript:__pwned=1`,
  `//evil.example/x`,
  `</title></textarea></style></script><script>__pwned = 1</script>`,
  `{{constructor.constructor("__pwned=1")()}}`,
  `<!--<a href="javascript:__pwned=1">--><iframe srcdoc="<script>parent.__pwned=1</script>">`,
  `]]><math><mi xlink:href="data:text/html,<script>__pwned=1</script>">`,
  `&lt;script&gt;__pwned=1&lt;/script&gt;`,
  `..`,
] as const;
/** What hides or turns letters: shown by its number. */
const HIDDEN = "abc\u202Etxt.exe\u2066\u200B\u{E0041}";
const ALL = [...TEXTS, HIDDEN];

/** Any assignment to it is remembered, also where a policy allowed it. */
const TRAP = `Object.defineProperty(globalThis, "__pwned", { set() { document.documentElement.setAttribute("data-pwned", ""); } });`;

const ELEMENTS = new Set(
  "html head meta title link script body a header nav ul li main h1 h2 h3 p section table caption thead tbody tr th td div details summary pre code dl dt dd blockquote figure picture source img figcaption footer time span strong em small wbr form button input label select option".split(
    " ",
  ),
);
const ATTRIBUTES = new Set(
  "lang charset name content rel href src defer class id tabindex aria-current aria-label aria-labelledby aria-describedby role datetime media srcset alt loading scope open width height title headers method action type value for".split(
    " ",
  ),
);
const DRAWN = new Set("svg g path text line rect circle defs clipPath tspan title use".split(" "));

/** Every element with its attributes, and where links and pictures lead. */
const WHOLE = `[...document.querySelectorAll("*")].map((one) => ({
  name: one.localName, attributes: one.getAttributeNames(), leads: one.getAttribute("href") ?? one.getAttribute("src") }))`;

interface Element {
  readonly name: string;
  readonly attributes: readonly string[];
  readonly leads: string | null;
}

inBrowser("texts of attackers", () => {
  let browser: TestBrowser;
  let site: PageSite;
  beforeAll(async () => {
    [browser, site] = await Promise.all([startBrowser(), startPageSite()]);
    await attackCampaign(site.stack);
    for (const [at, text] of ALL.entries()) await attack(site.stack, text, at);
    await pause(site.stack, ALL.join(" "));
  });
  afterAll(async () => {
    await Promise.all([browser.stop(), site.stop()]);
  });

  /** A window that goes through all addresses: a new one for each would take longer than the page itself. */
  let page: Opened;
  beforeAll(async () => {
    page = await openPage(browser.browser, { before: TRAP });
  });
  const open = async (at: string) => await goTo(page, `${site.url}${at}`);
  const trapped = async () => await inPage(page, `document.documentElement.hasAttribute("data-pwned")`);

  test("run nothing, and make no element, attribute or address", async () => {
    const addresses = await addressesOf(site.url, 40);
    const found: string[] = [];
    for (const { at } of [...addresses, ...CRAFTED.map((one) => ({ at: one }))]) {
      await open(at);
      if (await trapped()) found.push(`${at}: a script ran`);
      for (const { name, attributes, leads } of await inPage<Element[]>(page, WHOLE)) {
        const strange = attributes.filter((one) => !ATTRIBUTES.has(one));
        if (!ELEMENTS.has(name) || strange.length > 0) found.push(`${at}: <${name} ${strange.join(" ")}>`);
        if (leads !== null && !/^(\/(?!\/)|#main$)/.test(leads)) found.push(`${at}: leads to ${leads}`);
      }
      const text = await inPage<string>(page, "document.documentElement.textContent");
      if (/[\u202A-\u202E\u2066-\u2069\u200B\u{E0000}-\u{E007F}]/u.test(text)) found.push(`${at}: something is hidden`);
      found.push(
        ...page
          .takeComplaints()
          .filter((one) => !/404|400/.test(one))
          .map((one) => `${at}: ${one}`),
      );
    }
    expect(found).toEqual([]);
  });

  test("are read as they were written", async () => {
    const text = async (at: string) => {
      await open(at);
      const read = await inPage<string>(page, `document.querySelector("main").textContent`);
      return read;
    };
    const first = await text("/");
    const run1 = await text("/runs/backtest-attack-0");
    for (const written of TEXTS) expect(first).toContain(written);
    expect(first).toContain("abc⟨U+202E⟩txt.exe⟨U+2066⟩⟨U+200B⟩⟨U+E0041⟩");
    expect(run1).toContain(TEXTS[0]);
  });

  test("run nothing in pictures either, opened by themselves", async () => {
    const pictures = [
      ...ALL.map((text) => `/pictures/luck/${encodeURIComponent(text)}.svg`),
      ...ALL.map((_, at) => `/pictures/runs/train-attack-${at}.svg`),
      "/pictures/shortlist.svg",
      ...[
        "funnels/campaign-attack",
        "finalists/campaign-attack",
        "slices/campaign-attack.0",
        "slices/campaign-attack.1",
      ].map((picture) => `/pictures/${picture}.svg`),
    ];
    const found: string[] = [];
    let drawn = 0;
    for (const at of pictures.flatMap((picture) => [picture, `${picture}?dark`])) {
      await open(at);
      const elements = await inPage<Element[]>(page, WHOLE);
      if (elements[0]?.name === "svg") drawn += 1;
      if (await trapped()) found.push(`${at}: a script ran`);
      for (const { name, attributes, leads } of elements) {
        const does = attributes.filter((one) => one.startsWith("on") || one.startsWith("xlink") || one === "style");
        // Marks that repeat are drawn once, and used again within the drawing.
        const leadsOut = leads !== null && !/^#\w+$/.test(leads);
        if (elements[0]?.name === "svg" && (!DRAWN.has(name) || does.length > 0 || leadsOut))
          found.push(`${at}: <${name} ${does.join(" ")}>`);
      }
      const text = await inPage<string>(page, "document.documentElement.textContent");
      if (/[\u202A-\u202E\u2066-\u2069\u200B\u{E0000}-\u{E007F}]/u.test(text)) found.push(`${at}: something is hidden`);
      found.push(
        ...page
          .takeComplaints()
          .filter((one) => !/404/.test(one))
          .map((one) => `${at}: ${one}`),
      );
    }
    expect(found).toEqual([]);
    expect(drawn).toBeGreaterThanOrEqual(ALL.length * 4 + 2 * 4);
  });
});

/** Addresses that a reader may be sent. */
const CRAFTED = [
  "/runs/campaign-attack",
  "//evil.example/x",
  "/%5C%5Cevil.example/x",
  `/runs?status=${encodeURIComponent(TEXTS[2])}`,
  `/runs?strategy=${encodeURIComponent(TEXTS[1])}`,
  `/runs?before=${encodeURIComponent(TEXTS[0])}&as=html`,
  `/runs/${encodeURIComponent(TEXTS[0])}`,
  `/luck/${encodeURIComponent(TEXTS[3])}`,
  `/?as=content&x=${encodeURIComponent(TEXTS[2])}`,
  `/nothing/${encodeURIComponent(TEXTS[1])}?${encodeURIComponent(TEXTS[2])}`,
];

/** One text in every place that a client, KTRDR or an operator writes. */
async function attack(stack: Stack, text: string, at: number): Promise<void> {
  const { writer } = stack;
  const market = { strategy: text, symbol: text, timeframe: text };
  const [training, backtest] = [`train-attack-${at}`, `backtest-attack-${at}`];
  const caveats = [{ code: text, text }];
  const request = { ...TRAINING, ...market };
  await writer.admit({ ...inputOf(training, request), client: text, forceReason: text }, text);
  const learnt = { ...market, modelPath: `models/${text}`, caveats, engine: { name: "ktrdr" as const, version: text } };
  await recordTraining(writer, training, learnt);
  await writer.admit(
    {
      ...inputOf(backtest, { ...BACKTEST, ...market, modelPath: `models/${text}`, trainingJobId: training }),
      client: text,
    },
    text,
  );
  const result = backtestResult({ ...learnt, sharpe: 1 + at / 10, raw: { sharpe_ratio: 1 + at / 10, [text]: 1 } });
  await writer.finish(
    backtest,
    { ...outcomeOf(backtest, "completed"), headline: text, operationIds: [text] },
    result,
    result.engine,
  );
  const failure: JobFailure = { code: CODES[at % CODES.length]!, what: text, why: text, next: text };
  const failed = `train-failed-${at}`;
  await writer.admit({ ...inputOf(failed, { ...request, draw: at + 2 }), client: text }, text);
  const partial = { percent: 3, step: text, epochsSeen: 1, bestValLoss: null, bestValAccuracy: null, doubt: text };
  await writer.finish(failed, { ...outcomeOf(failed, "failed"), failure, partial, headline: text }, null, null);
  await writer.admit({ ...inputOf(`train-open-${at}`, { ...request, draw: at + 200 }), client: text }, text);
  await remember(stack, text, at);
}

/** A campaign over a strategy, values, reasons and labels that attackers wrote. */
async function attackCampaign(stack: Stack): Promise<void> {
  const written = (target: string) => ({ op: "set" as const, target, choice: [...ALL, { [TEXTS[0]]: HIDDEN }] });
  await recordCampaign(stack, "campaign-attack", {
    request: {
      strategy: TEXTS[1],
      dimensions: [
        written("description"),
        written(`notes ${TEXTS[2]}`),
        { op: "set", target: "training.loss", choice: ["cross_entropy", TEXTS[6]] },
      ],
      budget: { trainings: 120, trials: 10, hours: null, deadline: null },
      finalists: 2,
    },
    refused: (n) => (n % 2 === 0 ? (ALL[n % ALL.length] ?? "") : null),
    orders: ALL.map((text, at) => ({
      order: { kind: "budget", budget: { trials: 10 - at / 100 } },
      reason: text,
      client: text,
    })),
  });
}

/** Different ones, because the page shows what was said of the newest failure of each. */
const CODES = [
  "computation_failed",
  "data_not_found",
  "model_not_found",
  "ktrdr_rejected",
  "computation_stalled",
  "computation_lost",
  "internal",
] as const;

/** Experiments and insights, past the tools, which refuse what hides something. */
async function remember({ deps: { records } }: Stack, text: string, at: number): Promise<void> {
  const sample = { symbol: text, timeframe: text, startDate: "2015-01-02", endDate: "2019-12-31" };
  const criterion = { metric: "sharpe", direction: "at_least", threshold: at, runs: 1 } as const;
  const { experiment } = await records.experiments.start({ hypothesis: `${text} ${at}`, ...criterion, sample }, text);
  await records.experiments.attach(experiment.experimentId, `backtest-attack-${at}`);
  await records.experiments.conclude(experiment.experimentId, text, text);
  const body = `${text} number ${at}`;
  const jobIds = [`backtest-attack-${at}`];
  await records.insights.save({ category: "failure", body, tags: [text], importance: 5, jobIds, supersedes: [] }, text);
}

async function pause({ databaseUrl }: Stack, reason: string): Promise<void> {
  const pool = createPool(databaseUrl, { max: 1 });
  await run(pool, "update research_control set paused_at = now(), pause_reason = $1", [reason]);
  await pool.end();
}
