/** One request to KTRDR. */
import type { z } from "zod";
import type { DomainError } from "../domain/errors.ts";
import type { Method } from "./allow-list.ts";
import type { Nature, Refusal } from "./refusal.ts";

export interface Call<T> {
  readonly method: Method;
  /** Path below the surface's base, segments already escaped (`segment()`). */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly nature: Nature;
  /** What is asked for, as the beginning of a sentence: "The operation op_1". */
  readonly what: string;
  /** Shape of the whole 200 body. */
  readonly answer: z.ZodType<T>;
  /** Bytes. Default 8 MiB. */
  readonly maxBytes?: number;
  /** A more exact error than the general rule gives; undefined: the general one. */
  readonly refine?: (refusal: Refusal) => DomainError | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Called right before the request is written; when it throws, the request is not sent. Connecting then has a short
   * limit, so that the check stays true.
   */
  readonly beforeSend?: (() => void) | undefined;
  /** `HOLDOUT_PASS` (holdout-guard.ts): the request may name a holdout. */
  readonly holdoutPass?: symbol | undefined;
}

/** The fields of a request that must not be sent late, or that needs a pass. */
export type Sending = Pick<Call<unknown>, "signal" | "beforeSend" | "holdoutPass">;
