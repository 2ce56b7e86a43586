import { isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from "yaml";
import { Report, type Finding, type Path } from "./finding.ts";
import { MAX_DEPTH, reportForbidden, reportReadDifferently } from "./yaml-dialect.ts";

/** Largest strategy text, in UTF-8 bytes; the strategies folder has the same limit. */
export const MAX_STRATEGY_BYTES = 256 * 1_024;

/** Most lines and list entries; a real strategy has some hundred. The parser's time grows with their square. */
const MAX_ENTRIES = 4_000;

/** A strategy's text as plain data, with the line of each value. */
export interface StrategyText {
  readonly value: Readonly<Record<string, unknown>>;
  /** 1-based line of a path, or of its nearest existing parent. */
  readonly lineOf: (path: Path) => number | null;
  /** The characters a plain scalar was written with, or null. */
  readonly writtenAs: (path: Path) => string | null;
}

export type Parsed =
  | { readonly ok: true; readonly text: StrategyText; readonly findings: readonly Finding[] }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/**
 * Reads a strategy. Never throws: what cannot be read, or must not be (tags, anchors, aliases, duplicate keys, several
 * documents, deep nesting, more than 256 kB), becomes a finding. KTRDR reads YAML 1.1, so words that mean something
 * else there are reported too.
 */
export function parseStrategy(text: string): Parsed {
  const refusal = refuseUnread(text);
  if (refusal !== null) return { ok: false, findings: [refusal] };
  const counter = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, uniqueKeys: true, merge: false });
    return read(document, counter);
  } catch {
    return {
      ok: false,
      findings: [whole("yaml_unreadable", "The text cannot be read as YAML.", "It is nested too deeply or malformed.")],
    };
  }
}

function read(document: Document.Parsed, counter: LineCounter): Parsed {
  const lineAt = (offset: number): number | null => counter.linePos(offset).line || null;
  const syntax = document.errors
    .slice(0, 5)
    .map((error) => syntaxFinding(error.code, error.message, lineAt(error.pos[0])));
  if (syntax.length > 0) return { ok: false, findings: syntax };
  const root: unknown = document.contents;
  if (!isMap(root)) {
    return {
      ok: false,
      findings: [
        whole("not_a_mapping", "A strategy is a mapping of sections.", "The text holds something else, or nothing."),
      ],
    };
  }
  const lineOf = (path: Path): number | null => {
    const offset = locate(root, path)?.range?.[0];
    return offset === undefined ? null : lineAt(offset);
  };
  const report = new Report(lineOf);
  reportForbidden(document, report, lineAt);
  if (report.hasErrors) return { ok: false, findings: report.findings.slice(0, 10) };
  reportReadDifferently(root, report);
  const value = document.toJS({ maxAliasCount: 0 }) as Record<string, unknown>;
  const writtenAs = (path: Path): string | null => {
    const node: unknown = document.getIn(path, true);
    return isScalar(node) && node.type === "PLAIN" && typeof node.source === "string" ? node.source : null;
  };
  return { ok: true, text: { value, lineOf, writtenAs }, findings: report.findings };
}

/** Cheap checks before the parser sees the text. */
function refuseUnread(text: string): Finding | null {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > MAX_STRATEGY_BYTES) {
    return whole(
      "too_large",
      "The text is too large for a strategy.",
      `It has ${bytes} bytes; ${MAX_STRATEGY_BYTES} are allowed.`,
    );
  }
  const entries = text.match(/[\n,?&]/g)?.length ?? 0;
  if (entries > MAX_ENTRIES) {
    return whole(
      "too_large",
      "The text is too large for a strategy.",
      `It has about ${entries} lines and list entries; ${MAX_ENTRIES} are allowed.`,
    );
  }
  if (flowDepth(text) > MAX_DEPTH || /(?:[-?:] ){24}/.test(text) || /^ {200}/m.test(text)) {
    return whole("too_deep", "The text is nested too deeply.", `A strategy needs fewer than ${MAX_DEPTH} levels.`);
  }
  return null;
}

function flowDepth(text: string): number {
  let [depth, deepest] = [0, 0];
  for (const character of text) {
    if (character === "[" || character === "{") deepest = Math.max(deepest, ++depth);
    else if (character === "]" || character === "}") depth = Math.max(0, depth - 1);
  }
  return deepest;
}

function whole(code: string, what: string, why: string): Finding {
  const fix = "One YAML mapping with the sections of a v3 strategy; get_strategy_schema shows a complete example.";
  return { severity: "error", code, where: "", line: null, what, why, fix };
}

const SYNTAX_FIX: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: "Give each key once; of two equal keys KTRDR silently keeps the last.",
  MULTIPLE_DOCS: "Keep one document; remove the `---` lines after the first.",
  BAD_INDENT: "Indent the entries of one section alike, with spaces.",
  TAB_AS_INDENT: "Indent with spaces, never with tabs.",
  MISSING_CHAR: "Close every bracket and quote that was opened.",
};

function syntaxFinding(code: string, message: string, line: number | null): Finding {
  return {
    severity: "error",
    code: code === "DUPLICATE_KEY" ? "duplicate_key" : code === "MULTIPLE_DOCS" ? "several_documents" : "yaml_syntax",
    where: "",
    line,
    what: code === "DUPLICATE_KEY" ? "A key appears twice." : "The text is not valid YAML.",
    why: message.split("\n")[0]?.slice(0, 160) ?? code,
    fix: SYNTAX_FIX[code] ?? "Correct the YAML at this line.",
  };
}

/** The key of the deepest part of a path that exists, so that lines point at names rather than at values. */
function locate(root: Node, path: Path): Node | null {
  let node: unknown = root;
  let found: Node | null = null;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(part),
      );
      if (pair === undefined || !isScalar(pair.key)) return found;
      found = pair.key;
      node = pair.value;
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(part)];
      if (!isMap(item) && !isScalar(item) && !isSeq(item)) return found;
      found = item;
      node = item;
    } else return found;
  }
  return found;
}
