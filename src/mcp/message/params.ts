import { PROTOCOL_VERSION_META_KEY } from "@modelcontextprotocol/server";
import { z } from "zod";
import { isPlainLine } from "../../domain/plain-text.ts";
import { issueTexts } from "../input-error.ts";
import { isObject } from "./is-object.ts";

const arguments_ = z.record(z.string(), z.unknown()).optional();
const texts = z.record(z.string(), z.string()).optional();

/** A name that the answer may quote. */
const named = (most: number) =>
  z
    .string()
    .max(most, `at most ${most} characters`)
    .refine(isPlainLine, "one line without characters that nobody sees");
const name = named(200);
const uri = named(2_000);

/** The parameters that each method needs. Anything else that a client sends passes. */
const PARAMS: ReadonlyMap<string, z.ZodObject> = new Map(
  Object.entries({
    "tools/call": z.looseObject({ name, arguments: arguments_ }),
    "prompts/get": z.looseObject({ name, arguments: texts }),
    "resources/read": z.looseObject({ uri }),
    "resources/subscribe": z.looseObject({ uri }),
    "resources/unsubscribe": z.looseObject({ uri }),
    "completion/complete": z.looseObject({
      ref: z.union(
        [
          z.looseObject({ type: z.literal("ref/prompt"), name }),
          z.looseObject({ type: z.literal("ref/resource"), uri }),
        ],
        'must be {"type": "ref/prompt", "name": ...} or {"type": "ref/resource", "uri": ...}',
      ),
      argument: z.looseObject({ name, value: z.string() }),
      context: z.looseObject({ arguments: texts }).optional(),
    }),
    "tools/list": z.looseObject({ cursor: z.string().optional() }),
    "prompts/list": z.looseObject({ cursor: z.string().optional() }),
    "resources/list": z.looseObject({ cursor: z.string().optional() }),
    "resources/templates/list": z.looseObject({ cursor: z.string().optional() }),
    initialize: z.looseObject({
      protocolVersion: z.string(),
      capabilities: z.looseObject({}),
      clientInfo: z.looseObject({ name: z.string(), version: z.string() }),
    }),
  }),
);

const META = z.looseObject({
  _meta: z.looseObject({ progressToken: z.union([z.string(), z.int()], "must be a string or an integer").optional() }),
});

type Params = Readonly<Record<string, unknown>>;

/** Removes parameters that are null, and empty arguments of a prompt: clients send them for fields left out. */
export function mendParams(method: string, params: Params): Params {
  const given = withoutNull(params);
  const { _meta, context } = given;
  return {
    ...given,
    ...(isObject(_meta) ? { _meta: withoutNull(_meta) } : {}),
    ...(isObject(context) ? { context: withoutNull(context) } : {}),
    ...(method === "prompts/get" && isObject(given["arguments"]) ? { arguments: filled(given["arguments"]) } : {}),
  };
}

const withoutNull = (given: Params): Params =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));

const filled = (given: Params): Params =>
  Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== null && !(typeof value === "string" && value.trim() === "")),
  );

/** Methods that only clients from before 2026-07-28 know. */
const ONCE = new Set(["initialize", "resources/subscribe", "resources/unsubscribe"]);
const LATER = "2026-07-28";
const isLater = ({ _meta }: Params): boolean => isObject(_meta) && _meta[PROTOCOL_VERSION_META_KEY] === LATER;

/** Why the parameters cannot be used, in words; null when they can. */
export function wrongParams(method: string, params: Params): string | null {
  const own = ONCE.has(method) && isLater(params) ? undefined : PARAMS.get(method);
  const schemas = [own, "_meta" in params ? META : undefined];
  const wrong = schemas.flatMap((schema) => {
    const parsed = schema?.safeParse(params);
    return parsed?.error === undefined ? [] : issueTexts(parsed.error, params);
  });
  return wrong.length === 0 ? null : wrong.join("; ");
}
