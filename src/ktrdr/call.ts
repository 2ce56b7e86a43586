/** One question to KTRDR, whichever resource asks it. */
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
  /** A better error than the general rule gives; undefined falls back to it. */
  readonly refine?: (refusal: Refusal) => DomainError | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Asked right before the request is written; what it throws keeps it from being sent. Connecting then may take only
   * a moment, for the answer to stay true.
   */
  readonly beforeSend?: (() => void) | undefined;
}

/** How a request that must not come late is sent. */
export type Sending = Pick<Call<unknown>, "signal" | "beforeSend">;
