import type { z } from "zod";

type DeepReadonly<T> = T extends readonly (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** What a schema describes, as everything in this product handles it: read only. */
export type Stored<S extends z.ZodType> = DeepReadonly<z.infer<S>>;
