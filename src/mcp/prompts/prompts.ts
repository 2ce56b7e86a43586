/** Prompts that begin a conversation: what to do in which order. Completion offers what exists for their arguments. */
import type { Deps } from "../../research/ports.ts";

export interface PromptArgument {
  readonly description: string;
  readonly required: boolean;
  /** The values that begin with `start`. */
  readonly complete: (deps: Deps, start: string) => Promise<readonly string[]>;
}

export interface Prompt {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly args: Readonly<Record<string, PromptArgument>>;
  readonly text: (given: Readonly<Record<string, string | undefined>>) => string;
}

const startsWith = (start: string) => (text: string) => text.toLowerCase().startsWith(start.toLowerCase());

const strategies = async ({ strategies: folder }: Deps, start: string) =>
  (await folder.list()).map(({ name }) => name).filter(startsWith(start));

const symbols = async ({ reads }: Deps, start: string) => {
  const pairs = await reads.symbols(new AbortController().signal);
  return [...new Set(pairs.map(({ symbol }) => symbol))].filter(startsWith(start));
};

const experiments = async ({ records }: Deps, start: string) =>
  (await records.experiments.list({ limit: 100, offset: 0 }))
    .map(({ experimentId }) => experimentId)
    .filter(startsWith(start));

const figures = async (_deps: Deps, start: string) => {
  // Read when a client asks for them: a server that only lists its tools needs no figures.
  const { FIGURES_TO_CHOOSE } = await import("../../domain/results/figures.ts");
  return FIGURES_TO_CHOOSE.filter(startsWith(start));
};

export const PROMPTS: readonly Prompt[] = [
  {
    name: "research_session",
    title: "Research session",
    description: "Begins or goes on with research: what is known and open first, then one hypothesis at a time.",
    args: {
      goal: { description: "What is to be found out.", required: true, complete: async () => [] },
      symbol: { description: "The market, if it is decided.", required: false, complete: symbols },
    },
    text: ({
      goal,
      symbol,
    }) => `Do research with the ktrdr tools. Goal: ${goal ?? ""}${symbol === undefined ? "" : `\nMarket: ${symbol}`}

1. Find out where we stand: list_experiments (status open), list_tasks (status open), search_insights on the goal, get_failed_strategies. Go on with what is open before beginning anything.
2. list_market_data with the symbol: "power" says what its years can still show after all that was tried. Decide which years are for training, which for testing, and leave the newest untouched.
3. One hypothesis at a time: start_experiment with the figure that decides, BEFORE anything runs. Where values are open, not the idea, a night of research begins with start_campaign: its best finalist is a hypothesis for days that it did not see, no result.
4. create_strategy or mutate_strategy, then train_model with repeats (or start_batch), then run_backtest on later dates, each with the experiment_id. get_task_status with wait_seconds 45.
5. conclude_experiment. Believe its verdict, not the best of several figures. Every backtest counts as a trial: above 5 % "luck" nothing is shown, and each further try raises the bar. compare_results says which differences are chance.
6. What a verdict supports: start_walk_forward (does it hold when it is trained again and again?), measure_equity of its run in the middle (years one by one, is it holding?), then evaluate_on_holdout, once.
7. save_insight, failures first of all, with the task_ids. One that proved wrong is superseded. Then the next hypothesis.

Stop when the goal is answered, or when three hypotheses in a row taught nothing new; say what is known, with figures and their errors.`,
  },
  {
    name: "strategy_optimisation",
    title: "Strategy optimisation",
    description: "Varies one strategy without fooling oneself.",
    args: {
      strategy: { description: "What is varied.", required: true, complete: strategies },
      figure: { description: "What is to get better. Default excess_sharpe.", required: false, complete: figures },
    },
    text: ({
      strategy,
      figure,
    }) => `Improve the strategy ${strategy ?? ""} by ${figure ?? "excess_sharpe"}, with the ktrdr tools.

1. get_strategy ${strategy ?? ""} with its versions; list_tasks for it; search_insights and get_failed_strategies on what it is made of. Do not repeat what failed.
2. Its own error first: train_model with repeats 5, run_backtest for each training on later dates. The spread is what a change has to beat.
3. start_experiment: the change you believe in, the figure, the threshold (more than the spread), the number of runs.
4. Few ideas: mutate_strategy, one idea each; start_batch (work both, draws 3 or more, with the experiment_id). Many values, or a night of time: start_campaign over two to five dimensions you can give a reason for; it searches by validation loss and backtests only its finalists.
5. compare_results (of a campaign get_results: luck, walk_forward and costs_twice of each finalist, and whether the loss was worth climbing by). "within chance" is no improvement, and luck above 5 % is none either. The best of many is confirmed on dates that none of them saw, once.
6. conclude_experiment and save_insight, whatever came out.`,
  },
  {
    name: "experiment_review",
    title: "Review of an experiment",
    description: "Looks for what is wrong with an experiment before anybody builds on it.",
    args: {
      experiment_id: { description: "Which one.", required: true, complete: experiments },
    },
    text: ({
      experiment_id: id,
    }) => `Review the experiment ${id ?? ""} as a sceptical colleague would, with the ktrdr tools. Read: get_experiment ${id ?? ""} (all_runs true), then get_results (detail full) for each run that counts.

- Was the criterion written down before the runs, and does the verdict follow from it?
- Which runs were left out, and why? Were there others (list_tasks for the strategy) that were never attached?
- Are the runs draws of one strategy, or different ones? Is the distance from the threshold more than the standard error?
- How many backtests were tried on these days, and how far does luck explain the run in the middle?
- Buy-and-hold at the same exposure, costs, number of trades, in-sample flags, caveats: does any of them change the reading?
- Do manifests agree (bars, KTRDR's version, strategy text)? replay_run one backtest: does it come out the same?

Say in a few sentences what is known, what is not, and the one run that would tell most. save_insight if the review teaches something.`,
  },
];
