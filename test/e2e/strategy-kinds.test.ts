import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { QUICK } from "../support/lab.ts";
import { Research } from "../support/research.ts";
import { strategyText } from "../support/strategy-text.ts";

/** The kinds of strategies in KTRDR's own folder, in our own words. Each differs from a plain one in one thing. */
interface Kind {
  readonly name: string;
  readonly changes: readonly (readonly [from: string | RegExp, to: string])[];
  /** Codes of the errors that validate_strategy finds. */
  readonly errors: readonly string[];
  /** A warning that belongs to the kind. */
  readonly warning?: string;
  readonly dates?: readonly [string, string];
  /** The error of the training; left out when the training works. */
  readonly fails?: RegExp;
}

const DATES = ["2005-01-03", "2010-12-31"] as const;
const LABELS = /labels: \{.*\}/;
const MODEL = /type: mlp\n.*\n/;
const ONE_TIMEFRAME = "{mode: single, timeframe: 1d}";
const ONE_SYMBOL = "{mode: single, symbol: SPX}";
const HOURS = ["2022-01-03", "2022-05-31"] as const;

const KINDS: readonly Kind[] = [
  { name: "plain", changes: [], errors: [] },
  { name: "listed", changes: [[ONE_TIMEFRAME, '{mode: single, list: ["1d"], base_timeframe: "1d"}']], errors: [] },
  { name: "listed_symbol", changes: [[ONE_SYMBOL, "{mode: multi_symbol, list: [SPX]}"]], errors: [] },
  { name: "named", changes: [["name: named", "name: named_otherwise"]], errors: [], warning: "is not the file name" },
  { name: "gap", changes: [["mid: [30, 50, 70]", "mid: [48, 50, 52]"]], errors: [], warning: "no membership is true" },
  { name: "few", changes: [], errors: [], warning: "bars are few", dates: ["2005-01-03", "2005-08-19"] },
  { name: "default_labels", changes: [[LABELS, ""]], errors: [], warning: "names no source" },
  {
    name: "regression",
    changes: [
      [
        /output_format: classification\n.*\n/,
        "output_format: regression\n  cost_model: {round_trip_cost: 0.002, min_edge_multiplier: 1.2}\n",
      ],
      ["loss: cross_entropy", "loss: huber"],
      [LABELS, "labels: {source: forward_return, horizon: 10}"],
    ],
    errors: [],
  },
  {
    name: "recurrent_lstm",
    changes: [[MODEL, "type: lstm\n  architecture: {sequence_length: 5, hidden_size: 6, num_layers: 1}\n"]],
    errors: [],
  },
  {
    name: "recurrent_gru",
    changes: [[MODEL, "type: gru\n  architecture: {sequence_length: 5, hidden_size: 6, num_layers: 1}\n"]],
    errors: [],
  },
  {
    name: "raw",
    changes: [["nn_inputs:", "nn_inputs:\n  - {raw_indicator: osc, timeframes: all, normalization: zscore}"]],
    errors: [],
  },
  { name: "barriers", changes: [[LABELS, "labels: {source: triple_barrier, max_holding_period: 10}"]], errors: [] },
  {
    name: "context_classes",
    changes: [[LABELS, "labels: {source: context}"]],
    errors: [],
    warning: "not trading signals",
  },
  {
    name: "regimes",
    changes: [[LABELS, "labels: {source: regime, vol_crisis_threshold: 1.1, vol_lookback: 60}"]],
    errors: [],
    warning: "not trading signals",
  },
  {
    name: "ignored",
    changes: [["{type: rsi, period: 12}", "{type: rsi, period: 12, fast: 3}"]],
    errors: ["unknown_parameter"],
  },
  {
    name: "smoothed",
    changes: [["{type: rsi, period: 12}", "{type: adline, use_sma_smoothing: true}"]],
    errors: ["indicator_fails", "output_missing"],
    fails: /output mismatch/,
  },
  {
    name: "weighted_windows",
    changes: [
      [MODEL, "type: lstm\n  architecture: {sequence_length: 5, hidden_size: 6, num_layers: 1}\n"],
      [LABELS, "labels: {source: triple_barrier, max_holding_period: 10, compute_weights: true}"],
    ],
    errors: ["weights_of_windows"],
    fails: /sample_weights length/,
  },
  {
    name: "weighted",
    changes: [[LABELS, "labels: {source: triple_barrier, max_holding_period: 10, compute_weights: true}"]],
    errors: [],
  },
  {
    name: "unvalidated",
    changes: [["train: 0.7, validation: 0.15, test: 0.15", "train: 0.8, validation: 0, test: 0.2"]],
    errors: ["split_empty"],
  },
  { name: "symbols", changes: [[ONE_SYMBOL, "{mode: multi_symbol, list: [SPX, SYNTREND]}"]], errors: ["multi_symbol"] },
  {
    name: "timeframes",
    changes: [
      [ONE_SYMBOL, "{mode: single, symbol: HOURS}"],
      [ONE_TIMEFRAME, '{mode: multi_timeframe, list: ["1h", "4h"], base_timeframe: "4h"}'],
      [LABELS, "labels: {source: zigzag, zigzag_threshold: 0.004}"],
    ],
    errors: ["looks_ahead"],
    warning: "features are 0",
    dates: HOURS,
  },
  { name: "turns", changes: [["{type: rsi, period: 12}", "{type: zigzag, threshold: 0.05}"]], errors: ["looks_ahead"] },
  {
    name: "last_class_missing",
    changes: [[LABELS, "labels: {source: context, bullish_threshold: -0.9, bearish_threshold: -0.95}"]],
    errors: ["label_classes"],
    fails: /weight/,
  },
  {
    name: "yields",
    changes: [
      ["indicators:", "context_data:\n  - {provider: fred, series: DGS2}\nindicators:"],
      ["{type: rsi, period: 12}", "{type: rsi, period: 12, data_source: fred_DGS2}"],
    ],
    errors: ["looks_ahead"],
    warning: "KTRDR_FRED_API_KEY",
    fails: /fred DGS2 from api\.stlouisfed\.org/,
  },
];

let research: Research;
beforeAll(async () => {
  research = await Research.begin("modern", QUICK);
  const data = path.join(research.lab.dir, "ktrdr", "data");
  await writeFile(path.join(data, "HOURS_1h.csv"), bars(1));
  await writeFile(path.join(data, "HOURS_4h.csv"), bars(4));
  for (const kind of KINDS) await writeFile(fileOf(kind), textOf(kind));
});
afterAll(() => research.end());

const fileOf = ({ name }: Kind) => path.join(research.lab.dir, "ktrdr", "strategies", `${name}.yaml`);

function textOf({ name, changes }: Kind): string {
  return changes.reduce(
    (text, [from, to]) => {
      const next = text.replace(from, to);
      if (next === text) throw new Error(`${name}: there is no ${String(from)}`);
      return next;
    },
    strategyText(name, 2),
  );
}

/** Half a year of bars that swing, every so many hours. */
function bars(hours: number): string {
  const lines = ["timestamp,open,high,low,close,volume"];
  for (let at = 0; at < 24 * 180; at += hours) {
    const time = new Date(Date.UTC(2022, 0, 3) + at * 3_600_000).toISOString().replace(".000", "");
    const open = 100 + 2 * Math.sin(at / 9) + at / 1_000;
    const close = 100 + 2 * Math.sin((at + hours) / 9) + at / 1_000;
    const figures = [open, Math.max(open, close) + 0.1, Math.min(open, close) - 0.1, close, 1_000 + (at % 7)];
    lines.push([time, ...figures.map((figure) => figure.toFixed(4))].join(","));
  }
  return `${lines.join("\n")}\n`;
}

describe("every kind of strategy that KTRDR computes", () => {
  test.each(KINDS.map((kind) => [kind.name, kind] as const))("%s", async (name, kind) => {
    const [start_date, end_date] = kind.dates ?? DATES;
    const judged = await research.call("validate_strategy", { strategy: name, start_date, end_date });
    const found = judged["errors"] as { code: string }[];
    expect(
      found.map(({ code }) => code),
      JSON.stringify(judged),
    ).toEqual(kind.errors);
    expect(judged["valid"]).toBe(kind.errors.length === 0);
    if (kind.warning !== undefined) expect(JSON.stringify(judged["warnings"])).toContain(kind.warning);
    const wish = { strategy: name, start_date, end_date };
    const ahead = kind.errors.includes("looks_ahead");
    const why = "to see what KTRDR makes of it";
    if (kind.errors.length > 0) {
      const key = ahead ? "accept_look_ahead" : "insist_reason";
      await expect(research.call("train_model", wish)).rejects.toThrow(key);
      Object.assign(wish, { [key]: why });
    }
    const { task_id } = await research.call("train_model", wish);
    const { answer } = await research.follow(task_id, "completed", "failed");
    expect(answer.state, JSON.stringify(answer)).toBe(kind.fails === undefined ? "completed" : "failed");
    const result = await research.call("get_results", { task_id });
    if (kind.fails !== undefined) expect(JSON.stringify(result["failure"])).toMatch(kind.fails);
    else if (kind.errors.length > 0) {
      expect((result["caveats"] as string[])[0]).toMatch(
        ahead ? /^LOOKS AHEAD.*to see what/ : /^INSISTED ON.*to see what/,
      );
      expect(result["headline"]).toMatch(ahead ? /^LOOKS AHEAD/ : /epoch/);
    }
  });
});
