import { isAlias, isCollection, isMap, isPair, isScalar, visit, type Document, type Scalar, type YAMLMap } from "yaml";
import { shown, type Report } from "./finding.ts";

/** A real strategy nests about six levels. */
export const MAX_DEPTH = 24;

/** Refuses YAML that can hide work or types: tags, anchors, aliases, merge keys, keys that are not words, deep nesting. */
export function reportForbidden(
  document: Document.Parsed,
  report: Report,
  lineAt: (offset: number) => number | null,
): void {
  const refuse = (code: string, what: string, fix: string, offset: number | undefined): void => {
    const line = offset === undefined ? null : lineAt(offset);
    report.findings.push({
      severity: "error",
      code,
      where: "",
      line,
      what,
      why: "A strategy is plain data: it must mean the same to every reader.",
      fix,
    });
  };
  if (document.directives.docStart === true && document.directives.yaml.explicit === true) {
    refuse("yaml_directive", "The text changes the YAML version.", "Remove the %YAML line.", 0);
  }
  visit(document, {
    Alias: (_, node) =>
      refuse(
        "yaml_alias",
        "The text uses an alias (*name).",
        "Write the value out where it is needed.",
        node.range?.[0],
      ),
    Node: (_, node, ancestors) => {
      if (isAlias(node)) return undefined;
      if (node.tag !== undefined)
        refuse("yaml_tag", `The text uses a tag (${shown(node.tag)}).`, "Remove the tag.", node.range?.[0]);
      if ((isScalar(node) || isCollection(node)) && node.anchor !== undefined) {
        refuse(
          "yaml_anchor",
          "The text uses an anchor (&name).",
          "Remove the anchor and write values out.",
          node.range?.[0],
        );
      }
      if (ancestors.length > MAX_DEPTH * 2) {
        refuse("too_deep", "The text is nested too deeply.", `Keep fewer than ${MAX_DEPTH} levels.`, node.range?.[0]);
        return visit.BREAK;
      }
      return undefined;
    },
    Pair: (_, pair) => {
      if (!isScalar(pair.key)) {
        refuse("yaml_key", "A key is not a word.", "Use plain names as keys.", undefined);
        return visit.SKIP;
      }
      if (pair.key.value === "<<")
        refuse("yaml_merge", "The text uses a merge key (<<).", "Write the entries out.", pair.key.range?.[0]);
      if (pair.key.value === "__proto__")
        refuse("yaml_key", "A key is not a usable name.", "Use another name.", pair.key.range?.[0]);
      return undefined;
    },
  });
}

/** Plain words that the YAML 1.1 reader of KTRDR takes for something else than a YAML 1.2 reader does. */
const READ_DIFFERENTLY: readonly (readonly [pattern: RegExp, meaning: string, fix: string])[] = [
  [
    /^(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$/,
    "as true or false",
    "quote it, or use true, false or another name",
  ],
  [/^[-+]?\d[\d_]*(?:[eE][-+]?\d+)$/, "as text", "write the number out, e.g. 0.001"],
  [/^[-+]?\d[\d_]*\.[\d_]*[eE]\d+$/, "as text", "write the number out, e.g. 1000.0"],
  [/^[-+]?0\d[\d_]*$/, "in base eight", "write the number without a leading zero"],
  [/^[-+]?\d[\d_]*_[\d_]*$/, "as a number without the underscores", "write the number without underscores"],
  [/^[-+]?\d+(?::[0-5]?\d)+$/, "in base sixty", "quote it"],
  [/^0o[0-7]+$/, "as text", "write a plain decimal number"],
];

/** Reports plain scalars that KTRDR (PyYAML, YAML 1.1) would read as another value. */
export function reportReadDifferently(root: YAMLMap, report: Report): void {
  const walk = (node: unknown, path: readonly (string | number)[]): void => {
    if (isMap(node)) {
      for (const pair of node.items) {
        if (!isPair(pair) || !isScalar(pair.key)) continue;
        const inner = [...path, String(pair.key.value)];
        check(pair.key, inner, report);
        walk(pair.value, inner);
      }
    } else if (isCollection(node)) {
      for (const [index, item] of node.items.entries()) walk(item, [...path, index]);
    } else if (isScalar(node)) check(node, path, report);
  };
  walk(root, []);
}

function check(scalar: Scalar, path: readonly (string | number)[], report: Report): void {
  if (scalar.type !== "PLAIN" || typeof scalar.source !== "string") return;
  const source = scalar.source;
  const trap = READ_DIFFERENTLY.find(([pattern]) => pattern.test(source));
  if (trap === undefined) return;
  report.error("yaml_dialect", path, {
    what: `${shown(source)} means something else to KTRDR.`,
    why: `KTRDR reads YAML 1.1, where this plain word is read ${trap[1]}.`,
    fix: `Here ${trap[2]}.`,
  });
}
