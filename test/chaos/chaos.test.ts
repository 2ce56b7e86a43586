import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Crew, type Planned } from "./crew.ts";
import { inTests, type Cell } from "./matrix.ts";
import type { RunReport } from "./perform.ts";
import { drawScenario, type Kind, type Scenario } from "./scenario.ts";

/** A short campaign; `make chaos` runs longer ones. */
const SEED = 2;
const RUNS = 4;
/** Labs wait more than they compute, so two can share the machine. */
const LABS = 2;

const planned = (name: string, scenario: Scenario): Planned => ({ name, again: "", scenario });

const drawn = Array.from({ length: RUNS }, (_, index) =>
  planned(`run ${index} of seed ${SEED}`, drawScenario(SEED, index)),
);

// KTRDR chooses the id of these operations and shows it only in the answer, which the killed worker does not hear. They
// end when our next worker process takes work, which is before Temporal makes another attempt to start. The worker must
// have found them by then.
const started = (["backtest", "data_load"] as const).map((kind: Kind) =>
  planned(`a ${kind} whose start was answered to a killed worker`, {
    kind,
    behind: false,
    cancelAt: null,
    strikes: [{ at: "posted", attack: { do: "kill", part: "worker" }, forMs: 0 }],
    followUp: false,
    holdUntil: "worker_back",
  }),
);

const cells: readonly Cell[] = inTests();
const crew = new Crew(LABS);
const reports = new Map<Planned, RunReport>();

beforeAll(async () => {
  await crew.carryOut([...cells, ...started, ...drawn], async (run, report, campaign) => {
    reports.set(run, report);
    if (report.broken.length > 0) await campaign.end(); // the next runs get a fresh lab
  });
}, 1_200_000);

afterAll(async () => {
  await crew.stop();
});

function reportOf(run: Planned): RunReport {
  const report = reports.get(run);
  if (report === undefined) throw new Error(`${run.name} was not carried out`);
  return report;
}

describe("no invariant breaks", () => {
  it.each(cells)("$name", (cell) => {
    const report = reportOf(cell);
    expect(report, JSON.stringify(report, null, 1)).toMatchObject({ broken: [], limits: [] });
    expect(report.struck, "strikes that were carried out").toHaveLength(cell.scenario.strikes.length);
  });

  it.each(started)("$name", (run) => {
    const report = reportOf(run);
    expect(report, JSON.stringify(report, null, 1)).toMatchObject({ broken: [], limits: [] });
  });

  it.each(drawn)("$name", (run) => {
    const report = reportOf(run);
    expect(report.broken, JSON.stringify(report, null, 1)).toEqual([]);
  });

  it("and no process is left behind", () => {
    expect(crew.left).toEqual([]);
  });
});
