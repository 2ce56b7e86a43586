/** What mends a finding where the npm package is installed: there is no Makefile and no lab, and npx runs our commands. */
import type { Ailment, Finding, Remedy } from "./finding.ts";

const AGAIN = "npx ktrdr-mcp doctor";

/** The findings whose usual remedies need a checkout. */
const REMEDIES: Partial<Record<Ailment, Remedy>> = {
  node_old: { fix: "npm install node@24", note: "Beside this package; it is then found." },
  schema_newer: { fix: "npm update ktrdr-mcp", note: "Or point DATABASE_URL to another database." },
  temporal_cli_missing: { fix: AGAIN, note: "After one is on PATH, or TEMPORAL_CLI_PATH names it." },
  temporal_old: { fix: AGAIN, note: "After the Temporal server is updated." },
  ktrdr_unexamined: { fix: AGAIN, note: "Compare this KTRDR with docs/faults.md before trusting it with long work." },
  worker_missing: { fix: "npx ktrdr-mcp worker" },
};

/** The same findings with the remedies for a package. */
export const inPackage = (findings: readonly Finding[]): readonly Finding[] =>
  findings.map((finding) => {
    const { code, fix, note } = finding;
    if (code === null || fix === null) return finding;
    const { fix: typed, note: words = null } = REMEDIES[code] ?? elsewhere(fix, note);
    return { ...finding, fix: typed, note: words };
  });

/** Drops the lab, which a checkout offers first ("Or start your own ..."). */
function elsewhere(fix: string, note: string | null): Remedy {
  if (!fix.startsWith("make ")) return { fix: fix.replace(/^bin\//, "npx "), note: note ?? undefined };
  return { fix: AGAIN, note: note?.replace(/^Or (\w)/, (_or, first: string) => first.toUpperCase()) };
}
