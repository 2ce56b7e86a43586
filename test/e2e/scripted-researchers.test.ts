/**
 * A researcher without a mind, who believes what the product says: on a market with an edge, and on one without. Our worker is
 * killed whenever a batch has been started.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { inventIdeas, research, type Search } from "../../bench/researcher.ts";
import { addMarket } from "../../bench/synthetic-market.ts";
import { connectClaude, type Claude } from "../../demo/claude.ts";
import { ROOT } from "../../src/root.ts";
import { startTestLab, type TestLab } from "../support/lab.ts";

const IDEAS = 4;
const DRAWS = 5;

let lab: TestLab;
let claude: Claude;
let ideas: readonly string[];
beforeAll(async () => {
  lab = await startTestLab({ timeScale: 0.02 });
  claude = await connectClaude(`${ROOT}bin/ktrdr-mcp`, lab.env, () => undefined);
  ideas = await inventIdeas(claude, 1, IDEAS);
});
afterAll(async () => {
  await claude?.close();
  await lab?.remove();
});

async function searched(symbol: string, sort: "swings" | "noise"): Promise<Search> {
  await addMarket(lab.dir, symbol, sort, 1_000);
  return await research(claude, symbol, ideas, () => void lab.kill("worker"));
}

describe("whoever believes the verdicts", () => {
  it("finds an edge that is there", async () => {
    const { verdict, headline } = await searched("SWING", "swings");
    expect(headline).toMatch(/^Supported: \d/);
    expect(verdict).toBe("supported");
  });

  it("finds none where there is none, and hears how many were tried", async () => {
    const { verdict, headline } = await searched("NOISE", "noise");
    expect(verdict, headline).not.toBe("supported");
    const listed = await claude.call("list_market_data", { symbol: "NOISE" }, Listed);
    expect(listed.data[0]?.power).toContain(`${IDEAS + DRAWS} backtests were tried on NOISE;`);
  });
});

const Listed = z.looseObject({ data: z.array(z.looseObject({ power: z.string() })) });
