import { defineSearchAttributeKey, SearchAttributeType, type SearchAttributePair } from "@temporalio/common";
import type { Connection } from "@temporalio/client";
import type { JobInput } from "../domain/job.ts";
import { subjectOf } from "./job-types.ts";

const STRATEGY = defineSearchAttributeKey("KtrdrStrategy", SearchAttributeType.KEYWORD);
const SYMBOL = defineSearchAttributeKey("KtrdrSymbol", SearchAttributeType.KEYWORD);
const TIMEFRAME = defineSearchAttributeKey("KtrdrTimeframe", SearchAttributeType.KEYWORD);
const EXPERIMENT = defineSearchAttributeKey("KtrdrExperiment", SearchAttributeType.KEYWORD);
const CLIENT = defineSearchAttributeKey("KtrdrClient", SearchAttributeType.KEYWORD);
const KIND = defineSearchAttributeKey("KtrdrKind", SearchAttributeType.KEYWORD);

export const SEARCH_ATTRIBUTES = [STRATEGY, SYMBOL, TIMEFRAME, EXPERIMENT, CLIENT, KIND].map(({ name }) => name);

/** What operators filter by: `temporal workflow list --query 'KtrdrStrategy="x"'`. */
export function searchAttributesOf(
  { request, client }: Pick<JobInput, "request" | "client">,
  experimentId: string | null,
): SearchAttributePair[] {
  const { strategy, symbol, timeframe } = subjectOf(request);
  return [
    ...(strategy === null ? [] : [{ key: STRATEGY, value: strategy }]),
    { key: SYMBOL, value: symbol },
    { key: TIMEFRAME, value: timeframe },
    { key: CLIENT, value: storable(client) },
    { key: KIND, value: request.kind },
    ...(experimentId === null ? [] : [{ key: EXPERIMENT, value: experimentId }]),
  ];
}

/** A local client calls itself what it likes; the server's database need not hold it. */
const storable = (name: string): string => name.toWellFormed().replaceAll(/\p{Cc}/gu, " ");

/** `IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD` of the Temporal API. */
const KEYWORD = 2;

/** Adds those that the namespace lacks. Idempotent; safe from several processes at once. */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const missing = await missingSearchAttributes(connection, namespace);
  if (missing.length === 0) return;
  const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    // Another process was quicker.
    if ((await missingSearchAttributes(connection, namespace)).length > 0) throw error;
  }
}

/**
 * @returns our search attributes that the namespace does not know.
 * @throws the error of the connection when the server or the namespace does not answer within 2 s.
 */
export async function missingSearchAttributes(connection: Connection, namespace: string): Promise<string[]> {
  return await connection.withDeadline(Date.now() + 2_000, async () => {
    await connection.workflowService.describeNamespace({ namespace });
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return SEARCH_ATTRIBUTES.filter((name) => !Object.hasOwn(customAttributes, name));
  });
}
