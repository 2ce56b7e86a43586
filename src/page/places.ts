/** Where things are on the page. */
import type { Link } from "./view.ts";

export interface Place {
  readonly path: string;
  readonly title: string;
}

/** The views of the menu. */
export const PLACES: readonly Place[] = [
  { path: "/", title: "Since you looked" },
  { path: "/approvals", title: "Champions" },
  { path: "/luck", title: "Luck" },
  { path: "/shortlist", title: "Shortlist" },
  { path: "/runs", title: "Runs" },
  { path: "/strategies", title: "Strategies" },
  { path: "/experiments", title: "Experiments" },
  { path: "/insights", title: "Insights" },
  { path: "/ledger", title: "Ledger" },
];

export const STYLE = "/page.css";
export const SCRIPT = "/page.js";

const at = (place: string, id: string): string => `${place}/${encodeURIComponent(id)}`;

export const runLink = (jobId: string, text = jobId): Link => ({ text, href: at("/runs", jobId) });
export const strategyLink = (name: string): Link => ({ text: name, href: at("/strategies", name) });
export const experimentLink = (id: string, text = id): Link => ({ text, href: at("/experiments", id) });
export const insightLink = (id: string, text = id): Link => ({ text, href: at("/insights", id) });
export const luckLink = (symbol: string, text = symbol): Link => ({ text, href: at("/luck", symbol) });

export const approvalPath = (jobId: string): string => at("/approvals", jobId);
export const approvalLink = (jobId: string, text = jobId): Link => ({ text, href: approvalPath(jobId) });

export const luckPicture = (symbol: string): string => `/pictures/luck/${encodeURIComponent(symbol)}.svg`;
export const runPicture = (jobId: string): string => `/pictures/runs/${encodeURIComponent(jobId)}.svg`;
export const funnelPicture = (jobId: string): string => `/pictures/funnels/${encodeURIComponent(jobId)}.svg`;
export const finalistsPicture = (jobId: string): string => `/pictures/finalists/${encodeURIComponent(jobId)}.svg`;
/** @param at 0-based place of the dimension among those that have a plot */
export const slicePicture = (jobId: string, at: number): string =>
  `/pictures/slices/${encodeURIComponent(jobId)}.${at}.svg`;
export const SHORTLIST_PICTURE = "/pictures/shortlist.svg";

export const LEDGER_CHECK = "/ledger/verification";

/** The address of a view with what is asked of it. */
export function askedAt(path: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const known = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as const],
  );
  return known.length === 0 ? path : `${path}?${new URLSearchParams(Object.fromEntries(known)).toString()}`;
}

/** Where the view at a path and query stands as plain text. */
export const textOf = (pathAndQuery: string): string =>
  `${pathAndQuery}${pathAndQuery.includes("?") ? "&" : "?"}as=text`;
