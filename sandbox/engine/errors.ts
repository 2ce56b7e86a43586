/**
 * A failure of the computing, with the code and the text that the real backend would put into an error body
 * (docs/ktrdr.md §1.3, §3). `details` holds the extra fields of that body, e.g. `validation_errors`.
 */
export class EngineError extends Error {
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = "EngineError";
    this.code = code;
    this.details = details;
  }
}

/** Thrown when the given AbortSignal stopped a run; `checkpoint` is what a resume would start from. */
export class RunCancelled<Checkpoint> extends Error {
  readonly checkpoint: Checkpoint | undefined;

  constructor(checkpoint: Checkpoint | undefined) {
    super("Operation cancelled");
    this.name = "RunCancelled";
    this.checkpoint = checkpoint;
  }
}
