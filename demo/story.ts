/** What Claude would do, step by step, shown as it happens. */
import { setTimeout as delay } from "node:timers/promises";
import { Judged, Results, Text, Started, Status, type ResultsAnswer, type StatusAnswer } from "./answers.ts";
import type { Chaos } from "./chaos.ts";
import { ToolFailed, type Claude } from "./claude.ts";
import { comparison, learningCurve } from "./picture.ts";
import type { Screen } from "./screen.ts";
import { BACKTEST_DATES, STRATEGY_NAME, STRATEGY_TEXT, TRAINING_DATES } from "./strategy.ts";

export interface Story {
  readonly claude: Claude;
  readonly screen: Screen;
  readonly chaos: Chaos | null;
  readonly signal: AbortSignal;
}

export interface StoryEnd {
  readonly training: ResultsAnswer;
  readonly backtest: ResultsAnswer;
  /** KTRDR's and the machine's faults that the training overcame. */
  readonly faults: readonly string[];
}

export async function tell(story: Story): Promise<StoryEnd> {
  await design(story);
  const trained = await train(story);
  const backtest = await test(story, trained.taskId);
  return { training: trained.results, backtest, faults: trained.faults };
}

async function design({ claude, screen }: Story): Promise<void> {
  screen.heading("Claude reads how a strategy is written, then writes one");
  const { text } = await claude.call("get_strategy_schema", {}, Text);
  screen.line(`get_strategy_schema → ${text.split("\n").length} lines of grammar`);
  screen.line(STRATEGY_TEXT.trimEnd());
  const created = await claude.call("create_strategy", { yaml: STRATEGY_TEXT }, Judged);
  screen.line(`create_strategy → ${STRATEGY_NAME} is in KTRDR's strategies folder`);
  for (const { what } of created.warnings) screen.line(`note: ${what}`);
  const judged = await claude.call("validate_strategy", { strategy: STRATEGY_NAME, ...TRAINING_DATES }, Judged);
  screen.line(`validate_strategy → ${judged.valid === true ? "nothing KTRDR would fail on later" : "NOT valid"}`);
}

async function train(story: Story): Promise<{ taskId: string; results: ResultsAnswer; faults: readonly string[] }> {
  const { claude, screen } = story;
  screen.heading(`Training on the S&P 500, ${TRAINING_DATES.start_date} to ${TRAINING_DATES.end_date}`);
  const request = { strategy: STRATEGY_NAME, ...TRAINING_DATES };
  const { task_id: taskId } = await claude.call("train_model", request, Started);
  screen.line(`train_model → task_id ${taskId}`);
  const again = await claude.call("train_model", request, Started);
  screen.line(
    `train_model once more, the same request → ${again.existing ? "the same job" : "ANOTHER JOB"}: ${again.task_id}`,
  );
  if (again.task_id !== taskId) throw new Error("The same request made another job.");
  const end = await follow(story, taskId, story.chaos);
  const results = await claude.call("get_results", { task_id: taskId, detail: "full" }, Results);
  screen.line(`get_results → ${results.headline}`);
  if (results.curve !== undefined) screen.picture(learningCurve(results.curve, screen.colours));
  for (const caveat of results.caveats ?? []) screen.line(`note: ${caveat}`);
  return { taskId, results, faults: end.faults_overcome ?? [] };
}

async function test(story: Story, model: string): Promise<ResultsAnswer> {
  const { claude, screen } = story;
  screen.heading(
    `Backtest on days the model has never seen, ${BACKTEST_DATES.start_date} to ${BACKTEST_DATES.end_date}`,
  );
  const started = await claude.call("run_backtest", { model, ...BACKTEST_DATES }, Started);
  screen.line(`run_backtest → task_id ${started.task_id}`);
  await follow(story, started.task_id, null);
  const results = await claude.call("get_results", { task_id: started.task_id, detail: "standard" }, Results);
  screen.line(comparison(results));
  if (results.luck !== undefined) screen.line(`luck: ${results.luck.says}`);
  for (const caveat of results.caveats ?? []) screen.line(`note: ${caveat}`);
  return results;
}

/** Watches a job to its end, through any outage. */
async function follow(story: Story, taskId: string, chaos: Chaos | null): Promise<StatusAnswer> {
  let percent = 0;
  for (;;) {
    story.signal.throwIfAborted();
    const status = await look(story, taskId);
    if (status === null) continue;
    percent = Math.max(percent, status.percent ?? 0);
    story.screen.progress(percent, status.headline);
    if (status.final) {
      if (status.state !== "completed") throw new Error(`The job ended as ${status.state}: ${status.headline}`);
      story.screen.line(`get_task_status → ${status.state}: ${status.headline}`);
      return status;
    }
    chaos?.strike(status);
  }
}

/** Null when the status cannot be read at the moment: the tool says why, and the job goes on. */
async function look({ claude, screen, signal }: Story, taskId: string): Promise<StatusAnswer | null> {
  try {
    return await claude.call("get_task_status", { task_id: taskId, wait_seconds: 1 }, Status);
  } catch (error) {
    if (!(error instanceof ToolFailed)) throw error;
    screen.line(error.message);
    await delay(1_000, undefined, { signal });
    return null;
  }
}
