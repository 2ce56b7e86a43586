import got from "got";
import type { Glance } from "../domain/clock-skew.ts";
import { assertAllowed, type Surface } from "./allow-list.ts";

const ASKED: Readonly<Record<Surface, string>> = { api: "api/v1/health", worker: "api/v1/operations" };

/** What KTRDR's host takes for the time, by its `Date` header. Undefined when it does not say. @throws got's errors when there is no answer. */
export async function fetchServerTime(
  baseUrl: string,
  signal: AbortSignal,
  surface: Surface,
): Promise<Glance | undefined> {
  const url = new URL(ASKED[surface], `${baseUrl.replace(/\/+$/, "")}/`);
  assertAllowed(surface, new URL(baseUrl), "GET", url);
  const before = Date.now();
  const { headers } = await got(url, { signal, retry: { limit: 0 }, followRedirect: false, throwHttpErrors: false });
  const theirs = Date.parse(headers.date ?? "");
  return Number.isNaN(theirs) ? undefined : { theirs, before, after: Date.now(), coarseMs: 1_000 };
}
