/** `ktrdr-mcp budget`: shows, sets or removes the hours that KTRDR may compute for us in a UTC day. */
import { parseArgs } from "node:util";
import { hoursText, minuteText, type ResearchControl } from "../domain/research-control.ts";
import { say, Usage } from "./command.ts";
import { researchCommand } from "./research-command.ts";

await researchCommand("ktrdr-mcp budget [HOURS | off]", async ({ research }) => {
  const { positionals } = parseArgs({ allowPositionals: true, options: {} });
  if (positionals.length > 1) throw new Usage("One number of hours is enough.");
  const [wanted] = positionals;
  if (wanted !== undefined) await research.setBudget(hoursOf(wanted));
  say(line(await research.current()));
  return 0;
});

/** Null for no limit. */
function hoursOf(wanted: string): number | null {
  if (wanted === "off") return null;
  if (/^\d+(\.\d+)?$/.test(wanted)) return Number(wanted);
  throw new Usage(`"${wanted}" is no number of hours.`);
}

function line({ budget }: ResearchControl): string {
  if (budget === null) return "No computing budget is set.";
  const spent = budget.usedHours >= budget.hours ? "used up: nothing starts until then" : "the rest can be used";
  const used = `${hoursText(budget.usedHours)} of ${hoursText(budget.hours)} used since midnight UTC`;
  return `${used}; it renews at ${minuteText(budget.renewsAt)} (${spent}).`;
}
