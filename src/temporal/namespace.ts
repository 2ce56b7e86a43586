/** What the namespace of our jobs must have. Every worker keeps it there. */
import { setTimeout as delay } from "node:timers/promises";
import type { Client, Connection } from "@temporalio/client";
import { isNamespaceMissing } from "./connection.ts";
import { ensureSearchAttributes, type AttributesThere } from "./search-attributes.ts";
import { ensureWarden } from "./warden.ts";

const ANSWER_WITHIN_MS = 2_000;

/**
 * That Temporal is up for us: it answers, and has our namespace.
 * @returns the namespace's id, whether it is in use (a deleted one stays known by its id for a while), and for how long it
 *   keeps ended workflows (seconds).
 * @throws the error of the connection when the server does not answer in time, or has no such namespace.
 */
export async function describeNamespace(
  client: Client,
  which: { readonly namespace: string } | { readonly id: string },
  answerWithinMs = ANSWER_WITHIN_MS,
): Promise<{ readonly id: string; readonly registered: boolean; readonly retentionS: number }> {
  const { namespaceInfo, config } = await client.connection.withDeadline(Date.now() + answerWithinMs, () =>
    client.workflowService.describeNamespace(which),
  );
  return {
    id: namespaceInfo?.id ?? "",
    registered: namespaceInfo?.state === REGISTERED,
    retentionS: Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0),
  };
}

/** `NamespaceState.NAMESPACE_STATE_REGISTERED` of the Temporal API. */
const REGISTERED = 1;

/**
 * Makes sure that the namespace has our search attributes and the warden's schedule. Idempotent.
 * @returns the namespace's id, and which of our search attributes it has. Jobs cannot be found by the others.
 */
export async function furnishNamespace(
  client: Client,
): Promise<{ readonly id: string; readonly attributes: AttributesThere }> {
  const { namespace } = client.options;
  const { id } = await describeNamespace(client, { namespace });
  const attributes = await ensureSearchAttributes(client.connection as Connection, namespace);
  await ensureWarden(client);
  return { id, attributes };
}

const LOOK_EVERY_MS = 3_000;
const FURNISH_EVERY_MS = 30_000;

export interface NamespaceWatch {
  /** Id of the namespace that was furnished. */
  readonly id: string;
  readonly signal: AbortSignal;
  /** Called once each time the namespace is found missing. */
  readonly onMissing: (error: unknown) => void;
  /** Called when the namespace could not be furnished for another reason. */
  readonly onError: (error: unknown) => void;
}

/** Keeps the namespace furnished. Resolves when another one has its name, or the signal fires. Never throws. */
export async function watchNamespace(client: Client, watch: NamespaceWatch): Promise<void> {
  const { signal } = watch;
  let missing = false;
  let furnishedAt = performance.now();
  for (;;) {
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    try {
      const { id } = await describeNamespace(client, { namespace: client.options.namespace });
      if (id !== watch.id) return;
      missing = false;
      if (performance.now() - furnishedAt < FURNISH_EVERY_MS) continue;
      await furnishNamespace(client);
      furnishedAt = performance.now();
    } catch (error) {
      if (!isNamespaceMissing(error)) watch.onError(error);
      else if (!missing) watch.onMissing(error);
      missing = isNamespaceMissing(error);
    }
  }
}
