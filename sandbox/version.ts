/** What `/health` answers as version: whoever reads a figure can tell that this engine produced it. */
export const SANDBOX_VERSION = "sandbox-0.1.0";
