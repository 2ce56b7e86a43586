import type { Finding } from "./finding.ts";

const MARK = { ok: "✔", warning: "!", problem: "✘" } as const;

/** The findings as aligned lines for a person: one line for what is well, and the remedy below what is not. */
export function linesOf(findings: readonly Finding[]): readonly string[] {
  const width = Math.max(...findings.map(({ part }) => part.length));
  const indent = " ".repeat(width + 4);
  const lines = findings.flatMap(({ part, severity, detail, fix, note }) => [
    `${MARK[severity]} ${part.padEnd(width)}  ${detail.replaceAll("\n", `\n${indent}`)}`,
    ...(fix === null ? [] : [`${indent}→ ${fix}`]),
    ...(note === null ? [] : [`${indent}  ${note}`]),
  ]);
  return [...lines, "", lastLine(findings)];
}

function lastLine(findings: readonly Finding[]): string {
  const count = (severity: Finding["severity"]) => findings.filter((finding) => finding.severity === severity).length;
  const [problems, warnings] = [count("problem"), count("warning")];
  if (problems + warnings === 0) return "All is well.";
  const some = (amount: number, what: string) => (amount === 0 ? [] : [`${amount} ${what}${amount === 1 ? "" : "s"}`]);
  return `${[...some(problems, "problem"), ...some(warnings, "warning")].join(", ")}.`;
}
