import type { Tool } from "../define-tool.ts";

/** Every tool, in the order clients see them: the order of an experiment. */
export const TOOLS: readonly Tool[] = [];
