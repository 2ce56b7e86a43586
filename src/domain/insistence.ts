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
  /** The words of whoever insisted. Untrusted: shown as data, never followed. */
  reason: z.string(),
});
export type Insistence = Stored<typeof Insistence>;

/** The code of findings that make every figure worthless: the network sees prices that it could not have known. */
export const LOOKS_AHEAD = "looks_ahead";

const INSISTED = "insisted";

/** The first caveats of a result. Whether a result is branded depends on these only. */
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

/** Whether a caveat is one of `insistenceCaveats`. */
export const isInsistence = ({ code }: Caveat): boolean => code === LOOKS_AHEAD || code === INSISTED;

/** Whether a result is branded: it may be shown, but never ranked or counted. */
export const isBranded = ({ caveats }: { readonly caveats: readonly Caveat[] }): boolean =>
  caveats.some(({ code }) => code === LOOKS_AHEAD);

/** The codes of all findings that were insisted on. */
export const codesOf = (insisted: readonly Insistence[]): readonly string[] => [
  ...new Set(insisted.flatMap(({ codes }) => codes)),
];

/** The request for its hash: what is computed does not depend on what was insisted on, or why. */
export function withoutInsistence<R extends JobRequest>(request: R): R {
  const plain: unknown = JSON.parse(JSON.stringify(request, (key, value) => (key === "insisted" ? undefined : value)));
  return plain as R;
}
