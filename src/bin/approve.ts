/** `ktrdr-mcp approve`: makes a candidate that waits the champion of its market. No tool and no token can. */
import { parseArgs } from "node:util";
import { runCommand, Usage } from "./command.ts";
import { decideCandidate } from "./decide-candidate.ts";
import { reasonOf } from "./research-command.ts";

const USAGE = `Usage: ktrdr-mcp approve TASK_ID [--reason TEXT]
       ktrdr-mcp approve TASK_ID --name NAME --evidence HASH [--reason TEXT]
It shows the evidence, and asks for the name of the strategy. Without a terminal name and evidence are given.`;

await runCommand(USAGE, async () => {
  const text = { type: "string" } as const;
  const options = { name: text, evidence: text, reason: text };
  const { positionals, values } = parseArgs({ allowPositionals: true, options });
  const [jobId, ...rest] = positionals;
  if (jobId === undefined || rest.length > 0) throw new Usage();
  const { name, evidence } = values;
  if ((name === undefined) !== (evidence === undefined)) throw new Usage("--name and --evidence go together.");
  await decideCandidate({ jobId, decision: "approve", name, evidence, reason: reasonOf(values.reason) });
});
