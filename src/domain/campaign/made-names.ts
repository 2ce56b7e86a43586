/** Names of strategies that campaigns made: so many that lists leave them out unless they are asked for. */
import { kindOf } from "../kinds/index.ts";

/** What a campaign adds to the name of its base (`pointStrategy`). */
const ADDED = /_c[^_]{1,6}_p\d+(?:_r\d+)?$/;

/**
 * Whether a text asks for what a campaign made: it begins the campaign's id, or stands in the strategy's name and not in
 * that of its base.
 * @param asked in lower case
 */
export function asksForMade(asked: string, { name, campaignId }: { name: string; campaignId: string }): boolean {
  const [made, base] = [name.toLowerCase(), name.toLowerCase().replace(ADDED, "")];
  if (asked.startsWith(`${kindOf("campaign").prefix}-`)) return campaignId.toLowerCase().startsWith(asked);
  return made.includes(asked) && !base.includes(asked);
}
