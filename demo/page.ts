/** The page that a human opens the next morning, as text. */
import { STRATEGY_NAME } from "./strategy.ts";

/** @returns its first view */
export async function readPage(address: string): Promise<string> {
  const answer = await fetch(`${address}/?as=text`);
  if (!answer.ok) throw new Error(`The page answered ${answer.status}.`);
  return await answer.text();
}

/** Whether the page tells of what was computed here. */
export const tellsOfIt = (text: string): boolean => text.includes(STRATEGY_NAME) && text.includes("2 jobs ended");
