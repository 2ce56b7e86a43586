/** Exactly what a worker registers; each kind under the name that its value gives. */
export { awaitApproval } from "./await-approval.ts";
export {
  computeJob as loadMarketData,
  computeJob as lookAtHoldout,
  computeJob as runBacktest,
  computeJob as trainModel,
} from "./compute-job.ts";
export { probe } from "./probe.ts";
export { runBatch as measureEquity, runBatch, runBatch as walkForward } from "./run-batch.ts";
export { campaign } from "./run-campaign.ts";
export { slotKeeper } from "./slot-keeper.ts";
export { warden } from "./warden.ts";
export { watchChampion } from "./watch-champion.ts";
