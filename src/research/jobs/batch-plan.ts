import { DomainError } from "../../domain/errors.ts";
import { codesOf, LOOKS_AHEAD, type Insistence } from "../../domain/insistence.ts";
import type { BatchPeriod, BatchRequest } from "../../domain/kinds/batch.ts";
import { overlaps, type DateWindow } from "../../domain/market-data.ts";
import { checkBars, type BarsRead } from "../strategies/bar-check.ts";
import { checkCapital } from "../strategies/capital-check.ts";
import { clear, type Checked, type Will } from "../strategies/clearance.ts";
import type { Asking } from "../asking.ts";
import { membersOf } from "./members.ts";
import { chooseModel, marketOfModel, MODEL_PATH, type ChosenModel } from "./model-choice.ts";
import { checkedModel, type CheckedModel } from "./model-strategy.ts";
import { readStrategy } from "../strategies/preflight.ts";
import { strategySubject } from "../strategies/strategy-check.ts";
import { barsRead, marketOf } from "../strategies/training-market.ts";

export interface Wish extends Will {
  readonly work: BatchRequest["work"];
  readonly strategies?: readonly string[] | undefined;
  readonly models?: readonly string[] | undefined;
  readonly symbols?: readonly string[] | undefined;
  readonly periods: readonly BatchPeriod[];
  readonly costs: BatchRequest["costs"];
}

interface Plan {
  readonly strategies: BatchRequest["strategies"];
  readonly models: BatchRequest["models"];
  /** Makes all checks before anything is computed. Returns the parts, with what was insisted on for each. */
  readonly check: () => Promise<Pick<BatchRequest, "strategies" | "models"> & { readonly warnings: readonly string[] }>;
}

/**
 * Plans a batch of strategies, with the texts they have now, or of existing models.
 * @throws DomainError `invalid_input`, `strategy_not_found`, `model_not_found`, `task_not_finished`
 */
export async function plannedBatch(context: Asking, wish: Wish): Promise<Plan> {
  const { work, strategies: names, models: ids } = wish;
  const trains = work !== "backtest";
  if ((names === undefined) === trains || (ids === undefined) !== trains) {
    throw new DomainError("invalid_input", {
      what: trains ? `Work ${work} needs strategies, and no models.` : "Work backtest needs models, and no strategies.",
      next: "correct the call and repeat it",
    });
  }
  return trains
    ? await planTrainings(context, [...new Set(names)], wish)
    : await planBacktests(context, [...new Set(ids)], wish);
}

async function planTrainings(
  { deps, signal }: Asking,
  names: readonly string[],
  { symbols, periods, costs, ...will }: Wish,
): Promise<Plan> {
  const files = await Promise.all(names.map(async (name) => await readStrategy(deps, name)));
  const strategies = files.flatMap((file) =>
    (symbols?.map((symbol) => [symbol]) ?? [undefined]).map((chosen) => {
      const market = marketOf(file, { symbols: chosen, timeframe: undefined });
      return { strategy: file.name, strategySha256: file.sha256, ...market };
    }),
  );
  return {
    strategies,
    models: [],
    async check() {
      names.forEach((name) => deps.strategies.noticeSoon(name));
      const reads = strategies.map((part) =>
        files.filter(({ name }) => name === part.strategy).flatMap((file) => barsRead(deps, file, part)),
      );
      const bars = await checkMarkets(deps, reads.flat(), { periods, costs }, will, signal);
      const one = symbols === undefined ? {} : { symbols: symbols.slice(0, 1) };
      const subjects = new Map(files.map((file) => [file.name, strategySubject(deps, file, one)]));
      const cleared = strategies.map((part, at) => {
        const found = subjects.get(part.strategy);
        const read = reads[at]?.flatMap((market) => bars.get(marketKey(market)) ?? []) ?? [];
        return clear([...(found === undefined ? [] : [found]), ...read], will);
      });
      const warnings = new Set(
        cleared.flatMap((one, at) => one.warnings.map((text) => `${strategies[at]?.strategy}: ${text}`)),
      );
      return {
        strategies: strategies.map((part, at) => ({ ...part, ...kept(cleared[at]?.insisted) })),
        models: [],
        warnings: shortened([...warnings]),
      };
    },
  };
}

async function planBacktests(
  { deps, signal }: Asking,
  ids: readonly string[],
  { symbols, periods, costs, ...will }: Wish,
): Promise<Plan> {
  const single = [...new Set((await Promise.all(ids.map(async (id) => await trainingsOf(deps, id)))).flat())];
  const chosen = await Promise.all(single.map(async (id) => await chooseModel(deps, id)));
  const parts = chosen.flatMap((model) =>
    (symbols ?? [undefined]).map((symbol) => {
      const { modelPath, trainingJobId, strategySha256: sha256, insisted } = model;
      const text = sha256 === null ? {} : { strategySha256: sha256 };
      return {
        model,
        part: { ...marketOfModel(model, { symbol }), ...text, modelPath, trainingJobId, ...kept(insisted) },
      };
    }),
  );
  const wished = parts.map(({ part }) => part);
  return {
    strategies: [],
    models: wished,
    async check() {
      const judged = new Map<ChosenModel, CheckedModel>();
      for (const { model, part } of parts) {
        if (!judged.has(model)) judged.set(model, await checkedModel(deps, model, part.strategy));
      }
      const reads = parts.map(({ model, part: { symbol, timeframe } }) => {
        return { symbol, timeframe, slower: judged.get(model)?.slower ?? [] };
      });
      const bars = await checkMarkets(deps, reads, { periods, costs }, will, signal);
      const cleared = parts.map(({ model }, at) => {
        const { subject } = judged.get(model) ?? {};
        const [read] = reads.slice(at);
        const found = read === undefined ? [] : (bars.get(marketKey(read)) ?? []);
        return clear([...(subject === undefined ? [] : [subject]), ...found], will);
      });
      const models = parts.map(({ part }, at) => ({
        ...part,
        ...kept([...(part.insisted ?? []), ...(cleared[at]?.insisted ?? [])]),
      }));
      const doubts = [...judged.values(), ...cleared].flatMap(({ warnings }) => warnings);
      return {
        strategies: [],
        models,
        warnings: [...worthOf(chosen, models, periods), ...shortened([...new Set(doubts)])],
      };
    },
  };
}

/** Warnings about models: in-sample, not on record, or branded. */
function worthOf(
  chosen: readonly ChosenModel[],
  models: BatchRequest["models"],
  periods: readonly BatchPeriod[],
): string[] {
  const inSample = chosen.filter(({ origin }) =>
    periods.some(({ test }) => test !== null && origin !== null && overlaps(origin, test)),
  ).length;
  const foreign = chosen.filter(({ origin }) => origin === null).length;
  const branded = models.filter(({ insisted = [] }) => codesOf(insisted).includes(LOOKS_AHEAD)).length;
  const warnings = [
    inSample === 0
      ? null
      : `IN-SAMPLE: some test dates lie in the training of ${inSample} of the models: those results prove nothing.`,
    foreign === 0 ? null : `For ${foreign} of the models no training is on record: they may be in-sample.`,
    branded === 0 ? null : `LOOKS AHEAD: ${branded} of the models saw the future; their results prove nothing.`,
  ];
  return warnings.filter((text) => text !== null);
}

/** The `insisted` of a part of a request; absent when nothing was insisted on. */
const kept = (insisted: readonly Insistence[] = []) => (insisted.length === 0 ? {} : { insisted });

/** A batch stands for its finished trainings. */
async function trainingsOf(deps: Asking["deps"], id: string): Promise<readonly string[]> {
  if (MODEL_PATH.test(id)) return [id];
  return (await membersOf(deps, await deps.records.jobs.get(id), "training"))?.jobIds ?? [id];
}

const marketKey = ({ symbol, timeframe, slower = [] }: BarsRead): string => [symbol, timeframe, ...slower].join(" ");

/** Checks every market's bars and what the capital can buy, in every period. @throws DomainError `data_not_found` */
async function checkMarkets(
  deps: Asking["deps"],
  parts: readonly BarsRead[],
  { periods, costs }: Pick<Wish, "periods" | "costs">,
  will: Will,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly Checked[]>> {
  const markets = new Map(parts.map((read) => [marketKey(read), read]));
  const windows = periods.flatMap(({ train, test }) => [train, test]).filter((one): one is DateWindow => one !== null);
  const subjects = new Map<string, Checked[]>();
  for (const [key, market] of markets) {
    const found: Checked[] = [];
    for (const window of windows) found.push((await checkBars(deps, market, window, will, signal)).subject);
    for (const { test } of periods) {
      if (test !== null && costs !== null)
        found.push(await checkCapital(deps, market, test, costs.initialCapital, signal));
    }
    subjects.set(key, found);
  }
  return subjects;
}

const SHOWN_WARNINGS = 5;

const shortened = (warnings: readonly string[]): string[] =>
  warnings.length <= SHOWN_WARNINGS
    ? [...warnings]
    : [...warnings.slice(0, SHOWN_WARNINGS), `and ${warnings.length - SHOWN_WARNINGS} more`];
