/** Clears findings before anything is started or saved. Only here an error refuses, or is insisted on. */
import { DomainError, type ErrorCode } from "../../domain/errors.ts";
import { LOOKS_AHEAD, type Insistence } from "../../domain/insistence.ts";
import type { Finding } from "../../domain/strategy/finding.ts";

const SHOWN_FINDINGS = 3;

/** Something that was checked, such as a strategy or the bars of a market, with its findings. */
export interface Checked {
  /** With its article, e.g. `The strategy spx_dip`. */
  readonly name: string;
  readonly findings: readonly Finding[];
  /** Code of the error that refuses it. */
  readonly code: ErrorCode;
  /** How it can be mended. */
  readonly next: string;
  /** True when nobody can insist on it, because it cannot even be read. */
  readonly unusable?: boolean;
}

/** The arguments of a tool that say why errors are accepted (fields.ts `insisting`). */
export interface Will {
  readonly insist_reason?: string | undefined;
  readonly accept_look_ahead?: string | undefined;
}

export interface Clearance {
  readonly warnings: readonly string[];
  /** Kept with the request; absent when there was nothing to insist on. */
  readonly insisted?: readonly Insistence[];
}

/**
 * Passes subjects without errors, or with errors that the caller insists on. A new check (of bars, of a model) makes a
 * `Checked` of its findings and passes it beside the others. Its errors then refuse, can be insisted on, are kept with
 * the job and shown with the result.
 * @throws DomainError of the first subject with an error that is not insisted on
 */
export function clear(subjects: readonly Checked[], will: Will): Clearance {
  for (const subject of subjects) {
    const open = subject.findings.filter((finding) => isError(finding) && reasonFor(finding, subject, will) === null);
    if (open.length > 0) throw refusal(subject, open);
  }
  const findings = subjects.flatMap((subject) => subject.findings);
  const codes = [...new Set(findings.filter(isError).map(({ code }) => code))];
  const insisted = [
    { codes: codes.filter((code) => code === LOOKS_AHEAD), reason: will.accept_look_ahead ?? "" },
    { codes: codes.filter((code) => code !== LOOKS_AHEAD), reason: will.insist_reason ?? "" },
  ].filter((one) => one.codes.length > 0);
  const texts = findings
    .toSorted((a, b) => Number(isError(b)) - Number(isError(a)))
    .map((finding) => `${isError(finding) ? "Insisted on: " : ""}${findingText(finding)}`);
  return { warnings: firstOf(texts), ...(insisted.length === 0 ? {} : { insisted }) };
}

export const isError = ({ severity }: Finding): boolean => severity === "error";

const reasonFor = ({ code }: Finding, { unusable = false }: Checked, will: Will): string | null =>
  unusable ? null : ((code === LOOKS_AHEAD ? will.accept_look_ahead : will.insist_reason) ?? null);

/** The first errors in full; validate_strategy lists them all. */
function refusal({ name, code, next, unusable = false }: Checked, open: readonly Finding[]): DomainError {
  const ways = [
    ...(open.some((finding) => finding.code === LOOKS_AHEAD) ? ["accept_look_ahead"] : []),
    ...(open.some((finding) => finding.code !== LOOKS_AHEAD) ? ["insist_reason"] : []),
  ];
  return new DomainError(code, {
    what: `${name} has ${open.length === 1 ? "an error" : `${open.length} errors`}; nothing was done.`,
    why: open
      .slice(0, SHOWN_FINDINGS)
      .map((finding) => findingText({ ...finding, what: `${finding.what} ${finding.why}` }))
      .join("; "),
    next: unusable ? next : `${next}; or repeat the call with ${ways.join(" and ")}: why it shall be done as it is`,
  });
}

function firstOf(texts: readonly string[]): readonly string[] {
  const more = texts.length - SHOWN_FINDINGS;
  return more <= 0
    ? texts
    : [...texts.slice(0, SHOWN_FINDINGS), `${more} more findings: validate_strategy lists them.`];
}

export const findingText = ({ where, line, what, fix }: Finding): string => {
  const place = [where, line === null ? "" : `line ${line}`].filter((part) => part !== "").join(", ");
  return `${place === "" ? "" : `${place}: `}${what} ${fix}`;
};
