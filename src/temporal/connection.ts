import { Client, NamespaceNotFoundError, type ClientPlugin, type ConnectionOptions } from "@temporalio/client";
import { openLazily } from "./open-connection.ts";
import type { TemporalSettings } from "./settings.ts";
import { DomainError } from "../domain/errors.ts";
import { isLate, temporalUnavailable } from "./unavailable.ts";
import { whatListens } from "./what-listens.ts";

/** How to reach the server of a client, to find out why a call was not answered. */
const ways = new WeakMap<Client, ConnectionOptions>();

/** A client that connects at its first call, so that nothing fails to start because Temporal is down. */
export function lazyClient({ connection, namespace }: TemporalSettings, plugins: ClientPlugin[] = []): Client {
  const lazy = openLazily({ ...connection, connectTimeout: CALL_DEADLINE_MS });
  const client = new Client({ connection: lazy, namespace, plugins });
  ways.set(client, connection);
  return client;
}

/** Calls of a tool must answer quickly: the client's own retries would take too long. */
export const CALL_DEADLINE_MS = 2_000;

/** For so long a server that did not answer is not asked again, so that ten calls in a row do not take ten deadlines. */
const REMEMBER_DOWN_MS = 1_000;
const downUntil = new WeakMap<Client, { readonly until: number; readonly error: DomainError }>();

/**
 * Runs a call with a deadline.
 * @throws DomainError `temporal_unavailable` when Temporal does not answer; any other error unchanged
 */
export async function calling<T>(client: Client, call: () => Promise<T>, deadlineMs = CALL_DEADLINE_MS): Promise<T> {
  const down = downUntil.get(client);
  if (down !== undefined && performance.now() < down.until) throw down.error;
  try {
    return await client.connection.withDeadline(Date.now() + deadlineMs, call);
  } catch (cause) {
    if (isNamespaceMissing(cause)) throw namespaceMissing(client.options.namespace, cause);
    const error = await explained(client, cause);
    if (error === null) throw cause;
    downUntil.set(client, { until: performance.now() + REMEMBER_DOWN_MS, error });
    throw error;
  }
}

/**
 * The error in our words. When a call only took too long, this finds out what listens at the address.
 * @returns null for an error that comes neither from the server nor from the connection
 */
export async function explained(client: Client, cause: unknown): Promise<DomainError | null> {
  const way = ways.get(client);
  if (way === undefined || !isLate(cause)) return temporalUnavailable(cause);
  return temporalUnavailable(cause, await whatListens(way));
}

/** Whether an error says that the server has no such namespace (any more). */
export function isNamespaceMissing(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof NamespaceNotFoundError) return true;
    if ("code" in cause && cause.code === NOT_FOUND && /namespace \S+ is not found/i.test(cause.message)) return true;
  }
  return false;
}

const namespaceMissing = (namespace: string, cause: unknown): DomainError =>
  new DomainError("temporal_unavailable", {
    what: `Temporal has no namespace "${namespace}".`,
    why: "It was deleted, the server lost its data, or TEMPORAL_NAMESPACE is wrong.",
    next: `Create it: \`temporal operator namespace create --namespace ${namespace}\` (a lab does so by itself within seconds). Jobs that were open go on by themselves then; nothing need be started again.`,
    cause,
  });

/** gRPC status. */
const NOT_FOUND = 5;
