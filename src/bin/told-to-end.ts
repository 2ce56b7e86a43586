/**
 * A process that is told to end, ends: from its first line on, with 0, whatever it waits for. Import it before everything
 * else; the other imports take half a second, in which a signal would kill.
 */
let end: (signal: NodeJS.Signals) => void = () => process.exit(0);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => end(signal));

/** From now on there is something to bring to an end first. Called again with each further signal. */
export function whenToldToEnd(handler: (signal: NodeJS.Signals) => void): void {
  end = handler;
}
