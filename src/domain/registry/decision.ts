/** A human's decision about a candidate, as it comes from a terminal or from the page. Zod-free. */
import type { Decision, Stage } from "./stage.ts";

export interface HumanDecision {
  readonly jobId: string;
  readonly decision: Decision;
  /** The name of the candidate as the human typed it: that of its strategy. */
  readonly name: string;
  /** The hash of the evidence that the human saw. */
  readonly evidence: string;
  /** A rejection has one. */
  readonly reason: string | null;
}

/** One of a terminal. */
export interface TypedDecision extends HumanDecision {
  /** Where the candidate stood when it was shown. */
  readonly stage: Stage;
}

/** A form of the page as a browser sent it. */
export interface SentForm {
  /** The cookie; null without one. */
  readonly session: string | null;
  /** Whether the cookie is one that browsers keep for TLS. */
  readonly secure: boolean;
  /** The `Origin` that the browser told. */
  readonly origin: string;
  readonly token: string;
}
