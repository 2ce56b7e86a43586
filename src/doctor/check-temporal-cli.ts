import { isDomainError } from "../domain/errors.ts";
import { errorText } from "../error-text.ts";
import { knownDevServer } from "../temporal/program.ts";
import { fine, found, type Finding } from "./finding.ts";

const PART = "Temporal CLI";

/** Looks for a `temporal` program; fetches none. */
export async function checkTemporalCli(where: Parameters<typeof knownDevServer>[0]): Promise<Finding> {
  const fetching = { fix: "make lab", note: "It fetches one into .cache/temporal; or put your own on PATH." };
  try {
    const cli = await knownDevServer(where);
    if (cli === undefined) return found(PART, "temporal_cli_missing", "none on PATH or in .cache/temporal", fetching);
    return fine(PART, `${cli.version} (${cli.path})`);
  } catch (error) {
    return found(PART, "temporal_cli_missing", errorText(error), {
      fix: "make lab",
      note: isDomainError(error) ? error.next : undefined,
    });
  }
}
