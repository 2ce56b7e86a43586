/** `ktrdr-mcp token`: makes, lists and revokes the bearer tokens of `mcp --http`. */
import { parseArgs } from "node:util";
import { SCOPES } from "../domain/identity.ts";
import { remark, runCommand, say, settings, Usage } from "./command.ts";
import { addToken, readTokens, revokeToken } from "../http/token-file.ts";
import { given, scopeOf } from "./holder-arguments.ts";

const USAGE = `Usage: ktrdr-mcp token new --name NAME --scope ${SCOPES.join("|")} --expires DATE
       ktrdr-mcp token list
       ktrdr-mcp token revoke --name NAME
The file is MCP_TOKENS_FILE, or the one named with --file.`;

const wrong = (what: string): Usage => new Usage(what);

function parsed() {
  const text = { type: "string" } as const;
  return parseArgs({ allowPositionals: true, options: { name: text, scope: text, expires: text, file: text } });
}

/** The moment from which the token is refused; a date counts to its end (UTC). */
function momentOf(text: string): string {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) throw wrong("--expires needs a date: 2027-06-30, or 2027-06-30T12:00:00Z.");
  if (day) moment.setUTCDate(moment.getUTCDate() + 1);
  if (moment.getTime() <= Date.now()) throw wrong("--expires is in the past.");
  return moment.toISOString();
}

async function main(): Promise<void> {
  const { positionals, values } = parsed();
  const [verb, ...rest] = positionals;
  if (rest.length > 0) throw wrong(`"${rest[0]}" is not understood.`);
  const file = given(values.file ?? (await settings()).MCP_TOKENS_FILE, "MCP_TOKENS_FILE or --file");
  switch (verb) {
    case "new": {
      const name = given(values.name, "--name");
      const scope = scopeOf(given(values.scope, "--scope"));
      const expires = momentOf(given(values.expires, "--expires"));
      const token = await addToken(file, { name, scope, expires });
      remark(`${name} may ${scope} until ${expires}. The token is shown this once:`);
      say(token);
      return;
    }
    case "list":
      for (const { name, scope, expires } of await readTokens(file)) {
        const over = Date.parse(expires) <= Date.now() ? " (over)" : "";
        say(`${name}\t${scope}\t${expires}${over}`);
      }
      return;
    case "revoke": {
      const name = given(values.name, "--name");
      await revokeToken(file, name);
      remark(`${name} is refused from now on.`);
      return;
    }
    case undefined:
    default:
      throw wrong(verb === undefined ? "What is to be done?" : `"${verb}" is not understood.`);
  }
}

await runCommand(USAGE, main);
