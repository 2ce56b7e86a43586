import { describe, expect, test } from "vitest";
import type { StatusAnswer } from "../../demo/answers.ts";
import { Chaos } from "../../demo/chaos.ts";
import { comparison, learningCurve } from "../../demo/picture.ts";
import { createScreen } from "../../demo/screen.ts";
import { STRATEGY_NAME, STRATEGY_TEXT } from "../../demo/strategy.ts";
import { claims } from "../../demo/claims.ts";
import { validateStrategy } from "../../src/domain/strategy/validate.ts";

function record(isTTY: boolean) {
  const written: string[] = [];
  return { written, screen: createScreen({ isTTY, write: (text: string) => written.push(text) }) };
}

describe("the screen", () => {
  test("plain lines: one for every tenth and every change of words, none for numbers alone", () => {
    const { written, screen } = record(false);
    screen.progress(12, "Computing: 12 %");
    screen.progress(14, "Computing: 14 %");
    screen.progress(21, "Computing: 21 %");
    screen.progress(21, "KTRDR does not answer");
    screen.line("done");
    expect(written).toEqual([
      "  12 % Computing: 12 %\n",
      "  21 % Computing: 21 %\n",
      "  21 % KTRDR does not answer\n",
      "  done\n",
    ]);
  });

  test("a terminal has one living bar, which a line wipes away", () => {
    const { written, screen } = record(true);
    screen.progress(50, "half");
    screen.progress(200, "over");
    screen.line("done");
    expect(written[0]).toContain(`${"█".repeat(15)}${"░".repeat(15)}  50 % half`);
    expect(written[0]).not.toContain("\n");
    expect(written[1]).toContain("█".repeat(30));
    expect(written[2]).toBe("\r\u001B[2K  done\n");
  });
});

describe("chaos", () => {
  const running = (percent: number, age: number): StatusAnswer => ({
    state: "running",
    final: false,
    headline: "",
    next: "",
    percent,
    heartbeat_age_seconds: age,
  });
  const victims = [
    { part: "worker", called: "the worker", fromPercent: 10 },
    { part: "temporal", called: "the server", fromPercent: 30 },
  ];
  const setUp = (pids: Record<string, number | undefined>) => {
    const killed: number[] = [];
    const parts = () => Object.entries(pids).map(([name, pid]) => ({ name, pid, restarts: 0, logFile: "" }));
    return {
      killed,
      pids,
      chaos: new Chaos(
        { parts },
        (pid) => killed.push(pid),
        () => undefined,
        victims,
      ),
    };
  };

  test("strikes one part after the other, each only once the job is watched again", () => {
    const { chaos, killed } = setUp({ worker: 11, temporal: 22 });
    for (const status of [running(5, 1), running(12, 1), running(35, 15), running(36, 2), running(90, 1)]) {
      chaos.strike(status);
    }
    expect(killed).toEqual([11, 22]);
    expect(chaos.spared).toEqual([]);
  });

  test("spares what never came to its turn, and says so", () => {
    const { chaos, killed } = setUp({ worker: 11, temporal: undefined });
    chaos.strike(running(50, 0));
    chaos.strike(running(60, 0));
    chaos.strike({ ...running(70, 0), state: "worker_down" });
    expect(killed).toEqual([11]);
    expect(chaos.spared).toEqual(["temporal"]);
  });
});

describe("the verdict", () => {
  const done = { status: "completed", headline: "" };
  const end = { training: done, backtest: { ...done, buy_and_hold: {} }, faults: [] };
  const line = (kind: string, event: string) => ({ at: "", event, kind, operationId: "a", pid: 1, detail: "" });
  const once = [line("training", "start"), line("training", "end"), line("backtesting", "start")];
  const held = (findings: Parameters<typeof claims>[0]) => claims(findings).map((claim) => claim.held);

  const page = `2 jobs ended. The best is ${STRATEGY_NAME}.`;

  test("all held", () => {
    expect(held({ end, lines: once, page, spared: [] })).toEqual([true, true, true, true, true]);
  });

  test("a second computing, a missing comparison and a spared victim are told", () => {
    const findings = {
      end: { ...end, backtest: done },
      lines: [...once, line("training", "start")],
      page: "1 job ended.",
      spared: ["worker"],
    };
    expect(held(findings)).toEqual([false, true, true, false, false, false]);
    expect(claims(findings)[0]?.text).toContain("2 times");
  });
});

describe("pictures", () => {
  test("figures beside buy-and-hold", () => {
    const figures = { total_return: 0.0123, sharpe: -0.1, trades: 42 };
    const lines = comparison({ status: "completed", headline: "", figures, buy_and_hold: { sharpe: 0.756 } }).split(
      "\n",
    );
    expect(lines).toContain("Total return          1.23 %              –");
    expect(lines).toContain("Sharpe ratio           -0.10           0.76");
    expect(lines).toContain("Trades                    42              –");
  });

  test("without colours the legend tells both ends of each curve", () => {
    const text = learningCurve({ train_loss: [1, 0.5], val_loss: [1.1, 0.7] }, false);
    expect(text).toContain("training loss 1.0000 → 0.5000, validation loss 1.1000 → 0.7000");
    expect(text).not.toContain("\u001B");
  });
});

test("the demo's strategy has no error and warns of nothing", () => {
  expect(validateStrategy({ text: STRATEGY_TEXT }).findings).toEqual([]);
});
