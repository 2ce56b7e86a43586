/**
 * `ktrdr-mcp doctor`: says what is wrong and which command mends it. Ends with 0 when research works (also with
 * warnings), 1 when there is a problem, 2 when it was called wrongly.
 */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { examine } from "../doctor/examine.ts";
import { reportOf, type Finding } from "../doctor/finding.ts";
import { inContainers } from "../doctor/in-containers.ts";
import { inPackage } from "../doctor/in-package.ts";
import { ROOT } from "../root.ts";
import { linesOf } from "../doctor/print.ts";
import { patienceAfter } from "../doctor/patience.ts";
import { runCommand, say, sayJson, Usage } from "./command.ts";

await runCommand("Usage: ktrdr-mcp doctor [--json] [--deep] [--no-probe] [--patience SECONDS]", async () => {
  const options = {
    json: { type: "boolean", default: false },
    deep: { type: "boolean", default: false },
    probe: { type: "boolean", default: true },
    patience: { type: "string" },
  } as const;
  const { values: asked } = parseArgs({ options, allowNegative: true });
  const { env, version: nodeVersion, execPath } = process;
  const found = await examine({
    env,
    nodeVersion,
    execPath,
    probe: asked.probe,
    deep: asked.deep,
    patienceMs: patienceOf(asked.patience),
  });
  const findings = typedHere(found);
  const report = reportOf(findings);
  if (asked.json) sayJson(report);
  else say(linesOf(findings).join("\n"));
  // A connection to a server that refused us may stay open for a minute.
  process.exit(report.ok ? 0 : 1);
});

/** @param seconds as typed */
function patienceOf(seconds: string | undefined): number {
  if (seconds === undefined) {
    const { user, system } = process.cpuUsage();
    return patienceAfter({ upMs: performance.now(), computedMs: (user + system) / 1_000 });
  }
  if (!/^[1-9]\d{0,3}$/.test(seconds)) throw new Usage(`"${seconds}" is no number of seconds.`);
  return Number(seconds) * 1_000;
}

/** The remedies as they are typed here: the package and the image have no Makefile and no lab. */
function typedHere(found: readonly Finding[]): readonly Finding[] {
  if (existsSync(`${ROOT}Makefile`)) return found;
  return ROOT.includes("/node_modules/") ? inPackage(found) : inContainers(found);
}
