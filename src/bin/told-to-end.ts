/**
 * Has a signal end the process with 0, whatever the process waits for. Import this module first: the other imports take
 * half a second, in which a signal would kill the process.
 */
let end: (signal: NodeJS.Signals) => void = () => process.exit(0);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => end(signal));

/** Has a signal call `handler` from now on, instead of ending the process. Each further signal calls it again. */
export function whenToldToEnd(handler: (signal: NodeJS.Signals) => void): void {
  end = handler;
}
