/** What whoever steers a campaign said. Reasons are texts of others. */
import { rangeText } from "../../domain/campaign/inside.ts";
import type { CampaignOrder, Order } from "../../domain/campaign/orders.ts";
import { nameOf } from "../../domain/campaign/space.ts";
import { oneLine } from "../../domain/plain-text.ts";
import { paragraph, type Block } from "../view.ts";
import { counted, moment, quoteOf } from "../words.ts";

const MOST_ORDERS = 20;
const MOST_CHARS = 300;

/** The newest first. Orders that were given together have their reason once. */
export function orderBlocks(orders: readonly CampaignOrder[]): Block[] {
  if (orders.length === 0) return [paragraph("None was given.")];
  const shown = orders.slice(-MOST_ORDERS).toReversed();
  const blocks = shown.flatMap((one, at): Block[] => {
    const { client, reason } = one;
    const below = shown[at + 1];
    const together = below?.client === client && below.reason === reason;
    const said = paragraph(`${moment(one.at)} UTC: ${orderText(one.order)}`);
    return together ? [said] : [said, quoteOf(client, one.at, reason)];
  });
  const older = orders.length - shown.length;
  return older > 0 ? [...blocks, paragraph(`${counted(older, "older order")} not shown.`)] : blocks;
}

function orderText(order: Order): string {
  switch (order.kind) {
    case "suggest":
      return `suggests ${counted(order.points.length, "point")}.`;
    case "narrow":
      return oneLine(`narrows ${nameOf(order.dimension)} to ${rangeText(order.dimension)}.`, MOST_CHARS);
    case "budget": {
      const lower = Object.entries(order.budget).map(([name, value]) => `${name} ${value}`);
      return `lowers the budget: ${lower.join(", ")}.`;
    }
    case "finish":
      return "ends the search: the best points that there are become finalists.";
  }
}
