import got from "got";
import { assertAllowed, type Surface } from "./allow-list.ts";

export interface ServerTime {
  /** ms since 1970 of KTRDR's `Date` header, which has whole seconds. */
  readonly theirs: number;
  /** Our own clock right before and right after the request. */
  readonly before: number;
  readonly after: number;
}

const ASKED: Readonly<Record<Surface, string>> = { api: "api/v1/health", worker: "api/v1/operations" };

/** The time by KTRDR's host; undefined when it does not tell. @throws got's errors when there is no answer */
export async function fetchServerTime(
  baseUrl: string,
  signal: AbortSignal,
  surface: Surface,
): Promise<ServerTime | undefined> {
  const url = new URL(ASKED[surface], `${baseUrl.replace(/\/+$/, "")}/`);
  assertAllowed(surface, new URL(baseUrl), "GET", url);
  const before = Date.now();
  const { headers } = await got(url, { signal, retry: { limit: 0 }, followRedirect: false, throwHttpErrors: false });
  const theirs = Date.parse(headers.date ?? "");
  return Number.isNaN(theirs) ? undefined : { theirs, before, after: Date.now() };
}
