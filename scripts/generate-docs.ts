/**
 * Writes the documents that are derived from the sources. `--check` writes nothing and fails when one is out of date.
 */
import { readFile, writeFile } from "node:fs/promises";
import { mcpMetrics } from "../src/bin/watch.ts";
import { ConfigSchema } from "../src/config.ts";
import { ALL_TOOLS } from "../src/mcp/tools/index.ts";
import { configurationDocument } from "./configuration-doc.ts";
import { metricsDocument } from "./metrics-doc.ts";
import { toolsDocument } from "./tools-doc.ts";

/** The document lists only names, so nobody asks for values. */
const never = () => Promise.reject(new Error("not asked"));

const documents = {
  "docs/configuration.md": configurationDocument(ConfigSchema),
  "docs/metrics.md": metricsDocument(
    mcpMetrics(
      never,
      () => 0,
      () => "closed",
    ).families(),
  ),
  "docs/tools.md": toolsDocument(ALL_TOOLS),
};

const outdated: string[] = [];
for (const [path, text] of Object.entries(documents)) {
  const file = new URL(`../${path}`, import.meta.url);
  const current = await readFile(file, "utf8").catch(() => "");
  if (current !== text) outdated.push(path);
  if (current !== text && !process.argv.includes("--check")) await writeFile(file, text);
}

if (process.argv.includes("--check") && outdated.length > 0) {
  console.error(`Out of date: ${outdated.join(", ")}. Run \`make fix\`.`);
  process.exitCode = 1;
}
