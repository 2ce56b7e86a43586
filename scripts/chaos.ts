/**
 * `make chaos RUNS=n SEED=s JOBS=labs`: random faults at random steps. It says what held and what broke. RUN=i repeats
 * one run of a seed. SCENARIO='{...}' runs an exact scenario, or several in brackets, RUNS times. FROM=i begins a
 * campaign later. SHRINK=0 does not look for the smallest scenario that breaks. KEEP=1 keeps the lab's folder of a
 * broken run for reading. MATRIX=1 runs what test/chaos/matrix.ts lists instead: each part dies at each step, and each
 * fault of KTRDR strikes. It prints a table. MATRIX=pairs runs only the part of the matrix that `make test` runs.
 */
import { cp } from "node:fs/promises";
import type { Campaign } from "../test/chaos/campaign.ts";
import { Crew, type Planned } from "../test/chaos/crew.ts";
import type { RunReport } from "../test/chaos/perform.ts";
import { inTests, wholeMatrix, type Cell } from "../test/chaos/matrix.ts";
import { drawScenario, type Scenario } from "../test/chaos/scenario.ts";
import { shrink } from "../test/chaos/shrink.ts";
import { tableOf } from "./chaos-table.ts";

// oxlint-disable-next-line node/no-process-env
const { env } = process;
const out = (lines: readonly string[]): void => void process.stdout.write(`${lines.join("\n")}\n`);
const text = (name: string): string | null => (env[name] === undefined || env[name] === "" ? null : env[name]);
const number = (name: string, fallback: number): number => Number(text(name) ?? fallback);

const seed = number("SEED", Math.floor(Math.random() * 1e9));

const matrix: Cell[] = text("MATRIX") === null ? [] : text("MATRIX") === "pairs" ? inTests() : wholeMatrix();

function planned(): readonly Planned[] {
  if (matrix.length > 0) return matrix;
  const given = text("SCENARIO");
  if (given !== null) {
    const scenarios = [JSON.parse(given) as Scenario | Scenario[]].flat();
    return Array.from({ length: number("RUNS", 1) }).flatMap(() =>
      scenarios.map((scenario) => ({
        name: "scenario",
        again: `make chaos SCENARIO='${JSON.stringify(scenario)}'`,
        scenario,
      })),
    );
  }
  const only = text("RUN");
  const indices =
    only === null
      ? Array.from({ length: number("RUNS", 20) }, (_, index) => index + number("FROM", 0))
      : [Number(only)];
  return indices.map((index) => ({
    name: `run ${index}`,
    again: `make chaos SEED=${seed} RUN=${index}`,
    scenario: drawScenario(seed, index),
  }));
}

function linesOf(name: string, { scenario, broken, limits, struck, states, durationMs }: RunReport): string[] {
  const verdict = broken.length === 0 ? "held  " : "BROKE ";
  const wish = `${scenario.kind}${scenario.behind ? ", queued" : ""}${scenario.cancelAt === null ? "" : `, cancel at ${scenario.cancelAt}`}`;
  return [
    `${verdict} ${name} (${wish}; ${(durationMs / 1_000).toFixed(1)} s) ${struck.join(" + ") || "no step for its faults"} -> ${states.join(" > ")}`,
    ...broken.map((what) => `         ${what}`),
    ...limits.map((what) => `         (limit of KTRDR's API: ${what})`),
  ];
}

async function kept(folder: string, name: string): Promise<string> {
  const copy = `${folder}-${name.replaceAll(" ", "-")}`;
  const filter = (file: string) => !/\/(postgres|run)$/.test(file);
  await cp(folder, copy, { recursive: true, filter }).catch(() => undefined);
  return copy;
}

/** Reports a run. After a broken one it looks for the smallest scenario that breaks too, in a fresh lab. */
async function tell({ name, again, scenario }: Planned, report: RunReport, campaign: Campaign): Promise<void> {
  if (report.broken.length === 0) return out(linesOf(name, report));
  const keeping = env["KEEP"] === "1" ? [`         kept: ${await kept(campaign.folder, name)}`] : [];
  out([...linesOf(name, report), `         again: ${again}`, ...keeping]);
  await campaign.end();
  if (env["SHRINK"] === "0" || scenario.strikes.length < 2) return;
  const smallest = await shrink(scenario, async (smaller) => await campaign.breaks(smaller));
  out([`         smallest of ${name}: make chaos SCENARIO='${JSON.stringify(smallest)}'`]);
  await campaign.end();
}

async function main(): Promise<number> {
  const crew = new Crew(number("JOBS", 1));
  const reports = new Map<Planned, RunReport>();
  let broken = 0;
  let limits = 0;
  out([`seed ${seed}`]);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      out([`stopped by ${signal}; ${broken} broke until then; seed ${seed}`]);
      void crew.stop().finally(() => process.exit(130));
    });
  }
  try {
    await crew.carryOut(planned(), async (run, report, campaign) => {
      if (report.broken.length > 0) broken += 1;
      limits += report.limits.length;
      reports.set(run, report);
      await tell(run, report, campaign);
    });
  } finally {
    await crew.stop();
  }
  if (crew.left.length > 0) out(crew.left.map((process) => `LEFT BEHIND ${process}`));
  if (matrix.length > 0) out(tableOf(matrix, (cell) => reports.get(cell)));
  out([`${broken === 0 ? "all held" : `${broken} broke`}; ${limits} met the limit of KTRDR's API; seed ${seed}`]);
  return broken + crew.left.length === 0 ? 0 : 1;
}

process.exitCode = await main();
