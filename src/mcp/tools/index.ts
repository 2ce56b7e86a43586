import type { Tool } from "../define-tool.ts";
import { cancelTask } from "./cancel-task.ts";
import { checkHealth } from "./check-health.ts";
import { getResults } from "./get-results.ts";
import { getTaskStatus } from "./get-task-status.ts";
import { listModels } from "./list-models.ts";
import { listTasks } from "./list-tasks.ts";
import { runBacktest } from "./run-backtest.ts";
import { trainModel } from "./train-model.ts";

/** Every tool, in the order clients see them: the order of an experiment. */
export const TOOLS: readonly Tool[] = [
  checkHealth,
  trainModel,
  runBacktest,
  getTaskStatus,
  listTasks,
  cancelTask,
  listModels,
  getResults,
];
