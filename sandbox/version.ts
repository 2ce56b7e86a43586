/** The version that `/health` answers. It tells whoever reads a figure that this engine produced it. */
export const SANDBOX_VERSION = "sandbox-0.1.0";
