import type { Identity } from "../domain/identity.ts";
import type { Logger } from "../logger.ts";
import type { Deps } from "../research/ports.ts";
import type { ToolExecution } from "../store/execution-log.ts";
import type { Admission } from "./admission/admission.ts";
import type { PageView, Tool } from "./define-tool.ts";
import type { ExecutionQueue } from "./execution-log.ts";

export interface ServerParts {
  /** Called for each call, so that a lab which starts after this server is found. Never rejects. */
  readonly deps: () => Promise<Deps>;
  readonly executions: ExecutionQueue;
  /** One for the whole process, so that all servers count together. */
  readonly admission: Admission;
  /** The researcher's page, for clients that show it. @throws DomainError `invalid_input` when it has no view at the path */
  readonly page: (deps: Deps, path: string) => Promise<PageView>;
  readonly log: Logger;
  /** Aborts when the process is about to end: waiting calls then answer with what is known. */
  readonly leaving?: AbortSignal;
  /** The product's own unless given. */
  readonly tools?: readonly Tool[];
  /** True for one client with a lasting connection: it can be told of jobs that have ended. */
  readonly notifies?: boolean;
  /** Runs each call inside a trace. `meta` is the request's `_meta`, as the client sent it. */
  readonly traceCall?: <T>(tool: string, meta: unknown, run: () => Promise<T>) => Promise<T>;
  /** Called with each job that an answer shows as open. Must not throw. */
  readonly onOpenJob?: (jobId: string) => void;
  /** Called for every answered call, inside its trace. Must not throw. */
  readonly onCall?: (call: Pick<ToolExecution, "tool" | "errorCode" | "durationMs">) => void;
}

/** Who calls. A local caller has no name of its own: its client's is used. */
export type KnownCaller = Omit<Identity, "name"> & {
  readonly name: string | null;
  /** What tells a caller without a name from the others. */
  readonly from?: string;
};
