/**
 * `ktrdr-mcp doctor`: says what is wrong and which command mends it. Ends with 0 when research works (also with
 * warnings), 1 when there is a problem, 2 when it was called wrongly.
 */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { examine } from "../doctor/examine.ts";
import { reportOf } from "../doctor/finding.ts";
import { inContainers } from "../doctor/in-containers.ts";
import { ROOT } from "../lab/lab-environment.ts";
import { linesOf } from "../doctor/print.ts";

const USAGE = "Usage: ktrdr-mcp doctor [--json] [--no-probe]";

function argumentsOf(): { readonly json: boolean; readonly probe: boolean } | undefined {
  try {
    const options = { json: { type: "boolean", default: false }, probe: { type: "boolean", default: true } } as const;
    return parseArgs({ options, allowNegative: true }).values;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return undefined;
  }
}

const asked = argumentsOf();
if (asked === undefined) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  const { env, version: nodeVersion, execPath } = process;
  const found = await examine({ env, nodeVersion, execPath, probe: asked.probe });
  // The image has no Makefile, and no lab to make.
  const findings = existsSync(`${ROOT}Makefile`) ? found : inContainers(found);
  const report = reportOf(findings);
  console.log(asked.json ? JSON.stringify(report, null, 2) : linesOf(findings).join("\n"));
  process.exitCode = report.ok ? 0 : 1;
}
