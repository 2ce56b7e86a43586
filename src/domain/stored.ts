import type { z } from "zod";

type DeepReadonly<T> = T extends readonly (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** The type of a schema's values, read only, as all our code uses them. */
export type Stored<S extends z.ZodType> = DeepReadonly<z.infer<S>>;
