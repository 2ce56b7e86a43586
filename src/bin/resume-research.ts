/** `ktrdr-mcp resume-research`: ends a pause; queued jobs start within seconds. */
import { parseArgs } from "node:util";
import { holdOf } from "../domain/research-control.ts";
import { say } from "./command.ts";
import { researchCommand } from "./research-command.ts";

await researchCommand("ktrdr-mcp resume-research", async ({ research }) => {
  parseArgs({ options: {} });
  await research.resume();
  const hold = holdOf(await research.current());
  say("Research is not paused any more.");
  if (hold !== null) say(`Nothing starts yet: ${hold}.`);
  return 0;
});
