/** Computing something that is known to be wrong, because somebody wants it and says why. */
import { z } from "zod";
import type { JobRequest } from "./kinds/index.ts";
import { oneLine } from "./plain-text.ts";
import type { Caveat } from "./result.ts";
import type { Stored } from "./stored.ts";

/** Findings of grade error that were insisted on. */
export const Insistence = z.strictObject({
  /** Codes of the findings. */
  codes: z.array(z.string()),
  /** Whoever insisted wrote it: data. */
  reason: z.string(),
});
export type Insistence = Stored<typeof Insistence>;

/** The code of findings that make every figure worthless: the network sees what it could not have known. */
export const LOOKS_AHEAD = "looks_ahead";

const INSISTED = "insisted";

/** Said before every other caveat of a result. The brand of a result is derived from these, and from nothing else. */
export function insistenceCaveats(insisted: readonly Insistence[]): readonly Caveat[] {
  const texts = insisted.map(({ codes, reason }) => {
    const why = `Why, as somebody noted: "${oneLine(reason)}"`;
    return codes.includes(LOOKS_AHEAD)
      ? {
          code: LOOKS_AHEAD,
          text: `LOOKS AHEAD: the network saw prices that it could not have known. These figures prove nothing. ${why}`,
        }
      : { code: INSISTED, text: `INSISTED ON although found wrong (${codes.join(", ")}). ${why}` };
  });
  return texts.filter(({ text }, at) => texts.findIndex((other) => other.text === text) === at);
}

/** Whether a caveat is one of these. */
export const isInsistence = ({ code }: Caveat): boolean => code === LOOKS_AHEAD || code === INSISTED;

/** Whether a result is branded: it may be shown, and never ranked, counted or believed. */
export const isBranded = ({ caveats }: { readonly caveats: readonly Caveat[] }): boolean =>
  caveats.some(({ code }) => code === LOOKS_AHEAD);

/** Which codes of findings are covered. */
export const codesOf = (insisted: readonly Insistence[]): readonly string[] => [
  ...new Set(insisted.flatMap(({ codes }) => codes)),
];

/** A request as its identity sees it: what is computed does not depend on why somebody wanted it. */
export function withoutInsistence<R extends JobRequest>(request: R): R {
  const plain: unknown = JSON.parse(JSON.stringify(request, (key, value) => (key === "insisted" ? undefined : value)));
  return plain as R;
}
