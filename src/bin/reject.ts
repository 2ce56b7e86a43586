/** `ktrdr-mcp reject`: ends the wait of a candidate for good, or takes the title of a champion; agents read the reason. */
import { parseArgs } from "node:util";
import { runCommand, Usage } from "./command.ts";
import { decideCandidate } from "./decide-candidate.ts";
import { reasonOf } from "./research-command.ts";

const USAGE = `Usage: ktrdr-mcp reject TASK_ID --reason TEXT [--name NAME]
It shows the evidence, and asks for the name of the strategy. Without a terminal the name is given.`;

await runCommand(USAGE, async () => {
  const text = { type: "string" } as const;
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { name: text, reason: text } });
  const [jobId, ...rest] = positionals;
  if (jobId === undefined || rest.length > 0) throw new Usage();
  const reason = reasonOf(values.reason);
  if (reason === null) throw new Usage("--reason is missing: whoever proposed it reads why.");
  await decideCandidate({ jobId, decision: "reject", name: values.name, evidence: undefined, reason });
});
