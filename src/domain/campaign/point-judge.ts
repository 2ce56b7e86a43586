import { codesOf, type Insistence } from "../insistence.ts";
import type { Bar, DateWindow } from "../market-data.ts";
import { validateStrategy } from "../strategy/validate.ts";
import type { Judge } from "./proposals.ts";

interface Given {
  /** Days of the trainings. */
  readonly window: DateWindow;
  readonly symbols?: readonly string[] | undefined;
  /** What would be learnt on: label classes are counted on them. */
  readonly bars?: readonly Bar[] | undefined;
  /** Errors of the base that somebody insisted on. */
  readonly insisted: readonly Insistence[];
}

/** Finds the first error of a point that nobody insisted on. Points are seen once, so no judgement is kept. */
export function pointJudge({ insisted, ...given }: Given): Judge {
  const allowed = codesOf(insisted);
  return (text, name) => {
    const { findings } = validateStrategy({ ...given, text, fileName: name });
    const error = findings.find(({ severity, code }) => severity === "error" && !allowed.includes(code));
    return error === undefined ? null : `${error.where === "" ? "" : `${error.where}: `}${error.what}`;
  };
}
