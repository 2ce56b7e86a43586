/**
 * `make chaos RUNS=n SEED=s`: random faults at random steps; says what held and what broke. RUN=i repeats one run of a
 * seed, SCENARIO='{...}' an exact scenario, KEEP=1 keeps the lab's folder of a broken run for reading.
 */
import { cp } from "node:fs/promises";
import { Campaign } from "../test/chaos/campaign.ts";
import type { RunReport } from "../test/chaos/perform.ts";
import { drawScenario, type Scenario } from "../test/chaos/scenario.ts";
import { shrink } from "../test/chaos/shrink.ts";

// oxlint-disable-next-line node/no-process-env
const { env } = process;
const out = (line: string): void => void process.stdout.write(`${line}\n`);
const number = (name: string, fallback: number): number =>
  env[name] === undefined || env[name] === "" ? fallback : Number(env[name]);

const seed = number("SEED", Math.floor(Math.random() * 1e9));
const runs = number("RUNS", 20);
const only = env["RUN"];
const given = env["SCENARIO"];

function planned(): { readonly name: string; readonly again: string; readonly scenario: Scenario }[] {
  const repeat = (index: number) => `make chaos SEED=${seed} RUN=${index}`;
  if (given !== undefined && given !== "") {
    return Array.from({ length: number("RUNS", 1) }, () => ({
      name: "scenario",
      again: `make chaos SCENARIO='${given}'`,
      scenario: JSON.parse(given) as Scenario,
    }));
  }
  const indices =
    only === undefined || only === ""
      ? Array.from({ length: runs }, (_, index) => index + number("FROM", 0))
      : [Number(only)];
  return indices.map((index) => ({ name: `run ${index}`, again: repeat(index), scenario: drawScenario(seed, index) }));
}

function show(name: string, { scenario, broken, limits, struck, states, durationMs }: RunReport): void {
  const verdict = broken.length === 0 ? "held  " : "BROKE ";
  const wish = `${scenario.kind}${scenario.behind ? ", queued" : ""}${scenario.cancelAt === null ? "" : `, cancel at ${scenario.cancelAt}`}`;
  out(
    `${verdict} ${name} (${wish}; ${(durationMs / 1_000).toFixed(1)} s) ${struck.join(" + ") || "no step for its faults"} -> ${states.join(" > ")}`,
  );
  for (const text of broken) out(`         ${text}`);
  for (const text of limits) out(`         (limit of KTRDR's API: ${text})`);
}

async function main(): Promise<number> {
  out(`seed ${seed}`);
  const campaign = new Campaign();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      out(`stopped by ${signal}; seed ${seed}`);
      void campaign.end().finally(() => process.exit(130));
    });
  }
  let broken = 0;
  try {
    for (const { name, again, scenario } of planned()) {
      const report = await campaign.run(scenario);
      show(name, report);
      if (report.broken.length === 0) continue;
      broken += 1;
      out(`         again: ${again}`);
      if (env["KEEP"] === "1") {
        const kept = `${campaign.folder}-${name.replaceAll(" ", "-")}`;
        await cp(campaign.folder, kept, { recursive: true, filter: (file) => !/\/(postgres|run)$/.test(file) }).catch(
          () => undefined,
        );
        out(`         kept: ${kept}`);
      }
      await campaign.end();
      if (env["SHRINK"] === "0" || scenario.strikes.length < 2) continue;
      const smallest = await shrink(scenario, async (smaller) => await campaign.breaks(smaller));
      out(`         smallest: make chaos SCENARIO='${JSON.stringify(smallest)}'`);
      await campaign.end();
    }
  } finally {
    await campaign.end();
  }
  for (const process of campaign.left) out(`LEFT BEHIND ${process}`);
  out(`${broken === 0 ? "all held" : `${broken} broke`}; seed ${seed}`);
  return broken + campaign.left.length === 0 ? 0 : 1;
}

process.exitCode = await main();
