/** The page that a human opens the next morning, as text. */
import { STRATEGY_NAME } from "./strategy.ts";

/** @param token where the page asks who reads. @returns its first view */
export async function readPage(address: string, token?: string): Promise<string> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(`${address}/?as=text`, { headers });
  if (!answer.ok) throw new Error(`The page answered ${answer.status}.`);
  return await answer.text();
}

/** Whether the page tells of what was computed here. */
export const tellsOfIt = (text: string): boolean => text.includes(STRATEGY_NAME) && text.includes("2 jobs ended");
