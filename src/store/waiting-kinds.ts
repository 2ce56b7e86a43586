import { WAITING_KINDS } from "../domain/kinds/index.ts";

/** SQL: the kinds of jobs that compute nothing themselves, as a list of literals. */
export const waitingKinds = WAITING_KINDS.map((kind) => `'${kind}'`).join(", ");
