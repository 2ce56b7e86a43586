/** What a view is asked for. */
import type { Deps } from "../research/ports.ts";
import type { Evidence } from "../store/candidate-evidence.ts";
import type { View } from "./view.ts";

/** What a browser has that may decide about candidates. */
export interface Approving {
  /** Shows the evidence for a candidate, with the token of a form that decides about exactly that. */
  offer(jobId: string): Promise<{ readonly evidence: Evidence; readonly token: string }>;
}

export interface Asked {
  readonly deps: Deps;
  /** What stands behind the view's place in the path; empty for the place itself. */
  readonly id: string;
  readonly query: Readonly<Record<string, string>>;
  /** Now, by the database's clock. */
  readonly now: Date;
  /** When the reader last looked; null when that is not known. */
  readonly lastVisit: Date | null;
  /** Null for whoever only reads. */
  readonly approving: Approving | null;
}

/** @throws DomainError: of what is not there, of a wrong query, or of a part that is away */
export type MakeView = (asked: Asked) => Promise<View>;
