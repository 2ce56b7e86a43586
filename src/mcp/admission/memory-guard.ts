import { DomainError } from "../../domain/errors.ts";

const MB = 2 ** 20;

/**
 * Refuses new jobs while this process uses much memory, before the system kills it. Tools that only read still answer.
 * @param residentBytes reads the process's memory
 * @throws DomainError `overloaded`
 */
export function createMemoryGuard(limitMb: number, residentBytes: () => number): () => void {
  return () => {
    if (limitMb === 0) return;
    const usedMb = Math.round(residentBytes() / MB);
    if (usedMb <= limitMb) return;
    throw new DomainError("overloaded", {
      what: `This server uses ${usedMb} MB of the ${limitMb} MB of memory it may use: it takes no new job.`,
      why: "calls in flight and kept answers take memory; jobs do not run in this process and go on",
      next: "repeat the call in 30 s; tools that only read still answer; if it stays so, the operator restarts this server (nothing is lost) or raises LIMIT_MEMORY_MB",
    });
  };
}
