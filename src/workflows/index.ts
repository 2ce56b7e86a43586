/** Exactly what a worker registers. */
export { loadMarketData } from "./load-market-data.ts";
export { probe } from "./probe.ts";
export { runBacktest } from "./run-backtest.ts";
export { runBatch } from "./run-batch.ts";
export { slotKeeper } from "./slot-keeper.ts";
export { trainModel } from "./train-model.ts";
export { warden } from "./warden.ts";
