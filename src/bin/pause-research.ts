/** `ktrdr-mcp pause-research`: running jobs go on, queued ones wait, new ones are refused. PostgreSQL keeps the pause. */
import { parseArgs } from "node:util";
import { say } from "./command.ts";
import { researchCommand, reasonOf } from "./research-command.ts";

await researchCommand("ktrdr-mcp pause-research [--reason TEXT]", async ({ research, work }) => {
  const { values } = parseArgs({ options: { reason: { type: "string" } } });
  await research.pause(reasonOf(values.reason));
  const open = await work.list({});
  say("Research is paused: running jobs go on, queued ones wait, new ones are refused.");
  say(`${open.length} jobs are open. Let them start again with: bin/ktrdr-mcp resume-research`);
  return 0;
});
