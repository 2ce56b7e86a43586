import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * A shell that reads from a pipe which only the lab holds open. The pipe closes when the lab ends in any way, SIGKILL
 * included; then the shell stops the parts that the run's folder still lists. After an orderly stop it lists none. The
 * shell checks when each process started, as process-identity.ts does.
 */
const SCRIPT = `
trap '' HUP INT TERM
while read -r _; do :; done
started() {
  if [ -d /proc/self ]; then sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20
  else LC_ALL=C ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' | sed 's/^ //;s/ $//'; fi
}
parts=$(cat "$1"/*.pid 2>/dev/null)
[ -n "$parts" ] || exit 0
left=0 signal=ask
while [ "$left" -lt "$2" ]; do
  alive=no
  while read -r pid how start; do
    [ "$(started "$pid")" = "$start" ] || continue
    alive=yes
    [ "$signal" = ask ] && kill -"\${how#SIG}" "$pid" 2>/dev/null
  done <<PARTS
$parts
PARTS
  [ "$alive" = yes ] || exit 0
  signal=asked left=$((left + 1))
  sleep 1
done
while read -r pid how start; do
  [ "$(started "$pid")" = "$start" ] && kill -KILL "$pid" 2>/dev/null
done <<PARTS
$parts
PARTS
exit 0
`;

export interface Guard {
  readonly pid: number | undefined;
  /** Ends the guard, which stops all parts that are still listed, and waits for its end. */
  release(): Promise<void>;
}

/** Starts the guard of one run. It waits `graceS` seconds between asking the parts to stop and killing them. */
export function startGuard(runDir: string, graceS: number): Guard {
  const child = spawn("/bin/sh", ["-c", SCRIPT, "ktrdr-lab-guard", runDir, String(graceS)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  // Without a guard, the next start of the lab stops what was left running.
  child.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  const ended = child.pid === undefined ? Promise.resolve() : once(child, "exit");
  return {
    pid: child.pid,
    async release() {
      child.stdin.end();
      await ended;
    },
  };
}
