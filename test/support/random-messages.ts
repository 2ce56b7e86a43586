/** Messages that a client may send, from well-formed calls of tools that are there to bytes that mean nothing. */
import fc, { type Arbitrary } from "fast-check";
import { PROMPTS } from "../../src/mcp/prompts/prompts.ts";
import { RESOURCE_KINDS } from "../../src/mcp/resources/templates.ts";
import { TOOLS } from "../../src/mcp/tools/index.ts";

/** Texts that some program has taken for something else. */
export const NASTY = [
  "../../etc/passwd",
  "..%2f..%2fetc%2fpasswd",
  "/etc/passwd",
  "~/.ssh/id_rsa",
  "a\u0000b",
  "\u202Etxt.exe",
  "'; drop table jobs; --",
  "$(reboot)",
  "__proto__",
  "constructor",
  "toString",
  "models/../../x",
  "\uD800",
  "",
  " ",
  "NaN",
  "9999-99-99",
  "0000-01-01",
  "0001-01-01",
  "1500-02-29",
  "9999-12-31",
  "+275760-09-13",
  "2015-02-29",
  "2015-01-02T10:00:00Z",
  "a\\:*",
  "'a':*",
  "a\\*",
  "a'b*",
  "\\*",
  "a & | ! <-> (b",
  '"a\\" -"b:*',
  "a\u{E0041}\u{E0042}\u202Eb",
  "\u200B\u2060\uFEFF",
  "[x](javascript:alert(1))|<img src=x>",
  "\u001B[2J\u001B]0;title\u0007",
  "\u009B2J",
  "1e400",
  "[".repeat(4_000),
  "-1",
  "x".repeat(20_000),
  "null",
  "true",
  "[1,",
  '{"a": "[\\"1\\"]"}',
];

const ofList = <T>(list: readonly T[]) => fc.constantFrom(...list);

/** JSON texts as another client's writer may make them. JavaScript's own cannot write all of them. */
const quoted = fc
  .oneof(ofList(NASTY), fc.string({ unit: "binary", maxLength: 20 }))
  .map((text) => JSON.stringify(text));
const WRITTEN = ["0", "-0", "1e400", "-1E-400", "9007199254740993", "1.5", "1e308", "0.1e1", "true", "false", "null"];
const NO_JSON = ["NaN", "-Infinity", "undefined", "'a'", "0x10", "01", "{a:1}", "[1,]", '"\\x"', '"\u0001"', "/**/1"];
const key = fc.oneof(ofList(["__proto__", "constructor", "toJSON", "length", "then", "id", "task_id"]), ofList(NASTY));

const json: Arbitrary<string> = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    ofList(WRITTEN),
    quoted,
    fc.array(tie("any"), { maxLength: 4 }).map((items) => `[${items.join(",")}]`),
    fc.array(fc.tuple(key, tie("any")), { maxLength: 4 }).map((entries) => objectOf(entries)),
    fc
      .tuple(fc.nat(3_000), fc.boolean())
      .map(([depth, list]) => (list ? nest(depth, "[", "]") : nest(depth, '{"a":', "}"))),
  ),
})).any;

const nest = (depth: number, open: string, close: string) => `${open.repeat(depth)}1${close.repeat(depth)}`;

/** An object as JSON, in which a key may occur several times. */
const objectOf = (entries: readonly (readonly [string, string])[]): string =>
  `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`;

type Given = Readonly<Record<string, unknown>>;

/** The example in each tool's description. */
const examples = new Map<string, Given>(
  TOOLS.map(({ name, description }) => [
    name,
    JSON.parse(/Example: (\{.*\})\s*$/m.exec(description)?.[1] ?? "{}") as Given,
  ]),
);

/** @param there names that exist where the messages go */
function calls(there: readonly string[]): Arbitrary<readonly [string, string]> {
  const value = fc.oneof(
    { weight: 3, arbitrary: ofList(there).map((name) => JSON.stringify(name)) },
    { weight: 3, arbitrary: quoted },
    { weight: 3, arbitrary: json },
    { weight: 1, arbitrary: json.map((text) => JSON.stringify(text)) },
    { weight: 1, arbitrary: json.map((text) => `[${text}]`) },
  );
  return ofList(TOOLS).chain(({ name, input }) => {
    const names = Object.keys(input.shape);
    const own = Object.entries(examples.get(name) ?? {}).map(([one, given]) => [one, JSON.stringify(given)] as const);
    const changed = fc.array(
      fc.tuple(fc.oneof({ weight: 6, arbitrary: ofList([...names, "_meta"]) }, { weight: 1, arbitrary: key }), value),
      { maxLength: 3 },
    );
    const args = fc.tuple(fc.boolean(), changed, fc.boolean()).map(([example, others, twice]) => {
      const replaced = new Set(others.map(([one]) => one));
      const kept = example ? own.filter(([one]) => twice || !replaced.has(one)) : [];
      return objectOf([...kept, ...others]);
    });
    const whole = fc.oneof({ weight: 9, arbitrary: args }, { weight: 1, arbitrary: json });
    return whole.map(
      (text) =>
        [
          "tools/call",
          objectOf([
            ["name", JSON.stringify(name)],
            ["arguments", text],
          ]),
        ] as const,
    );
  });
}

const METHODS = [
  "",
  ..."ping initialize tools/list tools/call prompts/list prompts/get resources/list resources/templates/list".split(
    " ",
  ),
  ..."resources/read resources/subscribe resources/unsubscribe server/discover completion/complete tools".split(" "),
  ..."logging/setLevel tasks/list tasks/get sampling/createMessage roots/list notifications/initialized".split(" "),
  ..."notifications/progress __proto__ constructor toString hasOwnProperty".split(" "),
];
const FIELDS = [
  "name",
  "arguments",
  "uri",
  "cursor",
  "ref",
  "argument",
  "context",
  "_meta",
  "level",
  "protocolVersion",
];

const others = (there: readonly string[]): Arbitrary<readonly [string, string]> => {
  const uri = fc
    .tuple(ofList(RESOURCE_KINDS), fc.oneof(ofList(there), ofList(NASTY)))
    .map(([{ scheme }, id]) => JSON.stringify(`${scheme}://${id}`));
  const prompt = ofList(PROMPTS).chain(({ name, args }) =>
    fc
      .array(fc.tuple(ofList([...Object.keys(args), "constructor"]), fc.oneof(quoted, json)), { maxLength: 3 })
      .map((given) =>
        objectOf([
          ["name", JSON.stringify(name)],
          ["arguments", objectOf(given)],
        ]),
      ),
  );
  const completion = fc
    .tuple(ofList(PROMPTS), ofList(RESOURCE_KINDS), fc.boolean(), key, fc.oneof(quoted, json))
    .map(([{ name, args }, { scheme }, ofPrompt, other, value]) => {
      const ref = ofPrompt ? { type: "ref/prompt", name } : { type: "ref/resource", uri: `${scheme}://{id}` };
      const argument = JSON.stringify((ofPrompt ? Object.keys(args)[0] : "id") ?? other);
      return objectOf([
        ["ref", JSON.stringify(ref)],
        ["argument", `{"name":${argument},"value":${value}}`],
      ]);
    });
  const anything = fc
    .array(fc.tuple(fc.oneof(ofList(FIELDS), key), json), { maxLength: 4 })
    .map((entries) => objectOf(entries));
  return fc.oneof(
    uri.map((address) => ["resources/read", `{"uri":${address}}`] as const),
    prompt.map((params) => ["prompts/get", params] as const),
    completion.map((params) => ["completion/complete", params] as const),
    fc.tuple(ofList(METHODS), fc.oneof(anything, json)),
  );
};

const META = ["protocolVersion", "clientInfo", "clientCapabilities", "logLevel"].map(
  (name) => `io.modelcontextprotocol/${name}`,
);
const VERSIONS = ['"2026-07-28"', '"2025-11-25"', '"1999-01-01"'];
const meta = fc
  .array(fc.tuple(fc.oneof(ofList([...META, "progressToken", "traceparent"]), key), fc.oneof(json, ofList(VERSIONS))), {
    maxLength: 4,
  })
  .map((entries) => objectOf(entries));

export interface RandomMessage {
  readonly bytes: Uint8Array;
  /** The id that was written; where the bytes were damaged, it may not be there any more. */
  readonly id: string | number;
}

/** How a whole message goes wrong. */
const damage = fc.oneof(
  { weight: 20, arbitrary: fc.constant((text: string): string | Uint8Array => text) },
  { weight: 1, arbitrary: fc.nat(300).map((at) => (text: string) => text.slice(0, at)) },
  { weight: 1, arbitrary: ofList(NO_JSON).map((word) => (text: string) => text.replace(/:("|\d|\{)/, `:${word},$1`)) },
  { weight: 1, arbitrary: fc.constant((text: string) => `[${text},${text}]`) },
  { weight: 1, arbitrary: fc.constant((text: string) => `\uFEFF${text} \r`) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(200), fc.integer({ min: 128, max: 255 })).map(([at, byte]) => (text: string) => {
      const bytes = Buffer.from(text);
      bytes[at % bytes.length] = byte;
      return bytes;
    }),
  },
);

/** @param there names that exist where the messages go */
export function randomMessages(there: readonly string[], seed: number, count: number): readonly RandomMessage[] {
  const asked = fc.oneof({ weight: 6, arbitrary: calls(there) }, { weight: 4, arbitrary: others(there) });
  const withMeta = fc.option(meta, { freq: 6, nil: null });
  const kinds = fc.record({ asked, withMeta, damage, textId: fc.boolean(), extra: fc.option(json, { freq: 10 }) });
  return fc.sample(kinds, { seed, numRuns: count }).map(({ asked: [method, params], withMeta: of, ...one }, at) => {
    const id = one.textId ? `random-${at}` : at + 1;
    const given = of === null || !params.startsWith("{") ? params : withEntry(params, `"_meta":${of}`);
    const text = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":${JSON.stringify(method)},"params":${given}}`;
    const more = one.extra === null ? text : withEntry(text, `"extra":${one.extra}`);
    const damaged = one.damage(more);
    return { id, bytes: Buffer.from(typeof damaged === "string" ? damaged.replaceAll("\n", " ") : damaged) };
  });
}

const withEntry = (object: string, entry: string): string =>
  object === "{}" ? `{${entry}}` : `${object.slice(0, -1)},${entry}}`;
