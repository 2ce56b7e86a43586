/** `make demo`: designs, trains and backtests a strategy on a lab of its own. CHAOS=1 kills processes meanwhile. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ConfigSchema, loadConfig } from "../../src/config.ts";
import { Chaos } from "../chaos.ts";
import { connectClaude } from "../claude.ts";
import { computations } from "../evidence.ts";
import { createScreen, type Screen } from "../screen.ts";
import { readPage } from "../page.ts";
import { tell } from "../story.ts";
import { claims } from "../claims.ts";
import { errorInFull } from "../../src/error-text.ts";
import { noArguments, runCommand } from "../../src/bin/command.ts";
import { ROOT } from "../../src/root.ts";
import { startLab, type Lab, type StepRunner } from "../../lab/lab.ts";
import { migrate } from "../../src/store/migrate.ts";

/** Slows the sandbox down: a training of three seconds would show no progress and leave no time to kill anything. */
const EPOCH_DELAY_MS = { calm: 150, chaos: 700 };

const chaotic = !["", "0"].includes(process.env["CHAOS"] ?? "");
const screen = createScreen(process.stdout);
const pids = new Set<number>();
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupted.abort(new Error(signal)));

async function main(): Promise<number> {
  const began = performance.now();
  const dir = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-demo-"));
  let held = false;
  try {
    held = await show(dir);
  } finally {
    const left = [...pids].filter(isAlive);
    if (left.length > 0) screen.line(`✘ still running: ${left.join(", ")}`);
    else screen.line("✔ nothing is left running");
    held &&= left.length === 0;
    if (held) await rm(dir, { recursive: true, force: true });
    else screen.line(`Logs and state: ${dir}`);
  }
  screen.line(
    `${held ? "All of it held" : "Something did not hold"}; ${Math.round((performance.now() - began) / 1000)} s.`,
  );
  return held ? 0 : 1;
}

async function show(dir: string): Promise<boolean> {
  screen.heading(`A lab of its own${chaotic ? ", in which things will be killed" : ""}`);
  const env = environment(dir);
  const lab = await startLab(
    {
      config: loadConfig(env),
      env,
      root: ROOT,
      execPath: process.execPath,
      pid: process.pid,
      migrate,
      page: true,
      signal: interrupted.signal,
      onEvent: (event) => {
        if (event.type === "started") pids.add(event.pid);
        if (event.type === "started" && event.restarts > 0) screen.line(`  ${event.name} is back (pid ${event.pid})`);
      },
    },
    inLines(screen),
  );
  try {
    return await experiment(lab);
  } finally {
    await lab.stop();
  }
}

async function experiment(lab: Lab): Promise<boolean> {
  const log: string[] = [];
  const server = { ...environment(lab.dir), ...lab.env };
  const claude = await connectClaude(path.join(ROOT, "bin/ktrdr-mcp"), server, (text) => log.push(text));
  if (claude.serverPid !== null) pids.add(claude.serverPid);
  const chaos = chaotic
    ? new Chaos(
        lab,
        (pid) => process.kill(pid, "SIGKILL"),
        (text) => screen.line(text),
      )
    : null;
  try {
    const end = await tell({ claude, screen, chaos, signal: interrupted.signal });
    const lines = await computations(lab.dir);
    screen.heading("What KTRDR's workers wrote down themselves");
    for (const { at, event, kind, operationId, pid, detail } of lines) {
      screen.line(`${at.slice(11, 19)} ${event.padEnd(5)} ${kind.padEnd(11)} ${operationId} (pid ${pid}) ${detail}`);
    }
    screen.heading("What a human reads the next morning (`make lab` prints its address)");
    const page = await readPage(lab.addresses.page ?? "");
    screen.line(page.trimEnd());
    screen.heading("Verdict");
    if (end.faults.length > 0) screen.line(`overcome on the way: ${end.faults.join(", ")}`);
    const verdict = claims({ end, lines, page, spared: chaos?.spared ?? [] });
    for (const claim of verdict) screen.line(`${claim.held ? "✔" : "✘"} ${claim.text}`);
    return verdict.every(({ held }) => held);
  } catch (error) {
    if (!interrupted.signal.aborted) screen.line(`The MCP server's last words:\n${log.join("").slice(-2_000)}`);
    throw error;
  } finally {
    await claude.close();
  }
}

/** Has parts of the demo's own only: it never touches a KTRDR, database or Temporal of the user. */
function environment(dir: string): Record<string, string> {
  const foreign = Object.keys(ConfigSchema.shape).filter((name) => name !== "TEMPORAL_CLI_PATH");
  const inherited = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined || foreign.includes(name) ? [] : [[name, value] as const],
  );
  return {
    ...Object.fromEntries(inherited),
    LAB_DIR: dir,
    KTRDR_POLL_INTERVAL_MS: "1000",
    SANDBOX_EPOCH_DELAY_MS: String(chaotic ? EPOCH_DELAY_MS.chaos : EPOCH_DELAY_MS.calm),
  };
}

function inLines(target: Screen): StepRunner {
  return async (steps) => {
    for (const step of steps) {
      target.line(`${step.title}: ${await step.run(() => undefined)}`);
    }
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

await runCommand("Usage: ktrdr-mcp demo", async () => {
  noArguments();
  process.exitCode = await main().catch((error: unknown) => {
    screen.line(interrupted.signal.aborted ? "stopped" : errorInFull(error));
    return 1;
  });
});
