/** A human decides in a real browser: what it sends of its origin and its cookie is the browser's own. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { linkTo } from "../../src/http/page-address.ts";
import { createPageAccess } from "../../src/store/page-access.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { serveApproving, startDecidingWorker, type ApprovingSite } from "../support/approving-site.ts";
import { inBrowser, startBrowser, type TestBrowser } from "../support/browser.ts";
import { recordCandidate } from "../support/candidates.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import { goTo, inPage, openPage } from "../support/opened-page.ts";
import type { RunningWorker } from "../support/workflow-env.ts";

inBrowser("deciding in a browser", () => {
  let browser: TestBrowser;
  let stack: Stack;
  let pool: Pool;
  let worker: RunningWorker;
  let site: ApprovingSite;
  beforeAll(async () => {
    [browser, stack] = await Promise.all([startBrowser(), startStack({ temporal: true })]);
    pool = createPool(stack.databaseUrl);
    worker = await startDecidingWorker(stack, pool);
    site = await serveApproving(stack, pool, null);
  });
  afterAll(async () => {
    await Promise.all([browser.stop(), site.stop()]);
    await worker.stop();
    await pool.end();
    await stack.stop();
  });

  test("by a link, a typed name and a button; Enter alone decides nothing", async () => {
    const task_id = await recordCandidate(stack.writer, "dip");
    await stack.ask("propose_champion", { task_id, reason: "It holds." });
    const secret = await createPageAccess(pool).newLink({
      name: "ada",
      scope: "read",
      approves: true,
      days: 1,
      origin: site.origin,
    });
    const { page, complaints } = await openPage(browser.browser);
    const opened = { page, complaints, takeComplaints: () => [] };
    await goTo(opened, linkTo(site.origin, secret, true));
    await Promise.all([page.waitForNavigation(), page.click("form button")]);
    expect(page.url()).toBe(`${site.origin}/approvals`);
    await goTo(opened, `${site.origin}/approvals/${task_id}`);
    await page.type("input[name=name]", "dip");
    await page.keyboard.press("Enter");
    expect(await inPage(opened, "location.pathname")).toBe(`/approvals/${task_id}`);
    expect((await stack.deps.records.registry.get(task_id)).stage).toBe("waiting");
    await Promise.all([page.waitForNavigation(), page.click("button[value=approve]")]);
    expect(await inPage(opened, "document.querySelector('main').innerText")).toContain(
      "dip is the champion of SPX 1d.",
    );
    expect(complaints).toEqual([]);
    expect((await stack.deps.records.registry.get(task_id)).stage).toBe("champion");
    await page.close();
  });
});
