import { defineSearchAttributeKey, SearchAttributeType, type SearchAttributePair } from "@temporalio/common";
import type { Connection } from "@temporalio/client";
import type { JobInput } from "../domain/job.ts";
import { oneLine } from "../domain/plain-text.ts";
import { kindOf } from "../domain/kinds/index.ts";

const STRATEGY = defineSearchAttributeKey("KtrdrStrategy", SearchAttributeType.KEYWORD);
const SYMBOL = defineSearchAttributeKey("KtrdrSymbol", SearchAttributeType.KEYWORD);
const TIMEFRAME = defineSearchAttributeKey("KtrdrTimeframe", SearchAttributeType.KEYWORD);
const EXPERIMENT = defineSearchAttributeKey("KtrdrExperiment", SearchAttributeType.KEYWORD);
const CLIENT = defineSearchAttributeKey("KtrdrClient", SearchAttributeType.KEYWORD);
const KIND = defineSearchAttributeKey("KtrdrKind", SearchAttributeType.KEYWORD);

export const SEARCH_ATTRIBUTES = [STRATEGY, SYMBOL, TIMEFRAME, EXPERIMENT, CLIENT, KIND].map(({ name }) => name);

/** The attributes that operators filter by: `temporal workflow list --query 'KtrdrStrategy="x"'`. */
export function searchAttributesOf(
  { request, client }: Pick<JobInput, "request" | "client">,
  experimentId: string | null,
): SearchAttributePair[] {
  const { strategy, symbol, timeframe } = kindOf(request.kind).subject(request);
  return [
    ...(strategy === null ? [] : [{ key: STRATEGY, value: strategy }]),
    { key: SYMBOL, value: symbol },
    { key: TIMEFRAME, value: timeframe },
    { key: CLIENT, value: oneLine(client) },
    { key: KIND, value: request.kind },
    ...(experimentId === null ? [] : [{ key: EXPERIMENT, value: experimentId }]),
  ];
}

/** `IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD` of the Temporal API. */
const KEYWORD = 2;

/** Which of our search attributes a namespace has. */
export interface AttributesThere {
  /** Attributes that a job can have. */
  readonly usable: readonly string[];
  readonly missing: readonly string[];
  /** Attributes that somebody else has defined with another type. */
  readonly otherType: readonly string[];
}

/**
 * Adds the attributes that the namespace lacks, as far as it has room: one that others use may have none left, and jobs
 * then run without. Idempotent; safe from several processes at once.
 */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<AttributesThere> {
  const { missing } = await searchAttributesThere(connection, namespace);
  for (const name of missing) {
    try {
      await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: { [name]: KEYWORD } });
    } catch {
      // Another process was quicker, or there is no room: the list below shows which exist.
    }
  }
  return await searchAttributesThere(connection, namespace);
}

/**
 * @throws the error of the connection when the server or the namespace does not answer within 2 s.
 */
export async function searchAttributesThere(connection: Connection, namespace: string): Promise<AttributesThere> {
  return await connection.withDeadline(Date.now() + 2_000, async () => {
    await connection.workflowService.describeNamespace({ namespace });
    const { customAttributes: there } = await connection.operatorService.listSearchAttributes({ namespace });
    return {
      usable: SEARCH_ATTRIBUTES.filter((name) => there[name] === KEYWORD),
      missing: SEARCH_ATTRIBUTES.filter((name) => !Object.hasOwn(there, name)),
      otherType: SEARCH_ATTRIBUTES.filter((name) => Object.hasOwn(there, name) && there[name] !== KEYWORD),
    };
  });
}

/** Whether a server refused a job for its search attributes. */
export function isAttributeRefused(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && cause.code === INVALID_ARGUMENT && /search attribute/i.test(cause.message)) return true;
  }
  return false;
}

/** gRPC status. */
const INVALID_ARGUMENT = 3;
