import { utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { ktrdrDir } from "../lab/lab-settings.ts";
import { syntheticText } from "../sandbox/engine/market-data.ts";

/** Weekdays from 2000 on, to the middle of 2023. */
const DAYS = 6_100;
/** Far enough back that the file counts as settled. */
const SETTLED_MS = 60_000;

/** Gives the sandbox of a lab a market with an edge ("swings") or without any. The same seed gives the same bars. */
export async function addMarket(labDir: string, symbol: string, sort: "swings" | "noise", seed: number): Promise<void> {
  const file = path.join(ktrdrDir(labDir), "data", `${symbol}_1d.csv`);
  await writeFile(file, syntheticText(sort, seed, DAYS));
  await utimes(file, new Date(), new Date(Date.now() - SETTLED_MS));
}
