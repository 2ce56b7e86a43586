import type { Tool } from "../define-tool.ts";
import { calculateIndicators } from "./calculate-indicators.ts";
import { cancelTask } from "./cancel-task.ts";
import { checkHealth } from "./check-health.ts";
import { compareResults } from "./compare-results.ts";
import { concludeExperiment } from "./conclude-experiment.ts";
import { createStrategy } from "./create-strategy.ts";
import { evaluateOnHoldout } from "./evaluate-on-holdout.ts";
import { getExperiment } from "./get-experiment.ts";
import { getFailedStrategies } from "./get-failed-strategies.ts";
import { getResults } from "./get-results.ts";
import { getStrategySchema } from "./get-strategy-schema.ts";
import { getStrategy } from "./get-strategy.ts";
import { getTaskStatus } from "./get-task-status.ts";
import { listCandidates } from "./list-candidates.ts";
import { listExperiments } from "./list-experiments.ts";
import { listIndicators } from "./list-indicators.ts";
import { listMarketData } from "./list-market-data.ts";
import { listModels } from "./list-models.ts";
import { listStrategies } from "./list-strategies.ts";
import { listTasks } from "./list-tasks.ts";
import { loadMarketData } from "./load-market-data.ts";
import { measureEquity } from "./measure-equity.ts";
import { mutateStrategy } from "./mutate-strategy.ts";
import { proposeChampion } from "./propose-champion.ts";
import { replayRun } from "./replay-run.ts";
import { runBacktest } from "./run-backtest.ts";
import { saveInsight } from "./save-insight.ts";
import { searchInsights } from "./search-insights.ts";
import { showPage } from "./show-page.ts";
import { startBatch } from "./start-batch.ts";
import { startCampaign } from "./start-campaign.ts";
import { startExperiment } from "./start-experiment.ts";
import { startWalkForward } from "./start-walk-forward.ts";
import { steerCampaign } from "./steer-campaign.ts";
import { trainModel } from "./train-model.ts";
import { validateStrategy } from "./validate-strategy.ts";
import { withdrawCandidate } from "./withdraw-candidate.ts";

/** Every tool of a model, in the order clients see them: the order of an experiment. */
export const TOOLS: readonly Tool[] = [
  checkHealth,
  listMarketData,
  loadMarketData,
  listIndicators,
  calculateIndicators,
  getStrategySchema,
  createStrategy,
  mutateStrategy,
  validateStrategy,
  listStrategies,
  getStrategy,
  trainModel,
  runBacktest,
  startBatch,
  startWalkForward,
  startCampaign,
  steerCampaign,
  getTaskStatus,
  listTasks,
  cancelTask,
  listModels,
  getResults,
  compareResults,
  measureEquity,
  replayRun,
  startExperiment,
  concludeExperiment,
  getExperiment,
  listExperiments,
  evaluateOnHoldout,
  proposeChampion,
  listCandidates,
  withdrawCandidate,
  saveInsight,
  searchInsights,
  getFailedStrategies,
];

/** Also what only the researcher's page calls. */
export const ALL_TOOLS: readonly Tool[] = [...TOOLS, showPage];
