/** A process that divides a price file and kills itself at its n-th step: `divide-and-die.ts DIR START N`. */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { divide } from "../../src/ktrdr/holdout-files.ts";

const [dir = "", startDate = "", last = "0"] = process.argv.slice(2);
let step = 0;
const live = (): void => {
  step += 1;
  if (step === Number(last)) process.kill(process.pid, "SIGKILL");
};
await divide(
  dir,
  { symbol: "ABC", timeframe: "1d", startDate },
  async ({ sha256 }) => {
    live();
    appendFileSync(join(dir, "recorded"), `${sha256}\n`);
    live();
  },
  live,
);
process.stdout.write(String(step));
