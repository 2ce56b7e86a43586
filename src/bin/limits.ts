import type { Config } from "../config.ts";
import type { Limits } from "../mcp/admission/limits.ts";

export const limitsOf = (config: Config): Limits => ({
  callsPerMinute: config.LIMIT_CALLS_PER_MINUTE,
  callsAtOnce: config.LIMIT_CALLS_AT_ONCE,
  waitingCalls: config.LIMIT_WAITING_CALLS,
  openJobs: { perClient: config.LIMIT_OPEN_JOBS_PER_CLIENT, all: config.LIMIT_OPEN_JOBS },
  queuedJobs: { perClient: config.LIMIT_QUEUED_PER_CLIENT, all: config.LIMIT_QUEUED },
  memoryMb: config.LIMIT_MEMORY_MB,
});
