/** `ktrdr-mcp config <client>`: prints what connects a client, and nothing else, so that it can be piped. */
import path from "node:path";
import { parseArgs } from "node:util";
import { ConfigSchema, loadConfig } from "../config.ts";
import { ROOT } from "../root.ts";
import { CLIENTS, clientSnippet, DEFAULT_HTTP_URL } from "./client-snippets.ts";
import { remark, runCommand, say, Usage } from "./command.ts";

const USAGE = `Usage: ktrdr-mcp config <${CLIENTS.join("|")}> [--http [URL]] [--no-token]
  --http [URL]  a server that runs already, by default ${DEFAULT_HTTP_URL}; without it the client starts one itself
  --no-token    for a server that asks for none`;

await runCommand(USAGE, async () => {
  const { positionals, values } = parseArgs({
    args: withUrl(process.argv.slice(2)),
    allowPositionals: true,
    options: { http: { type: "string" }, "no-token": { type: "boolean", default: false } },
  });
  const [name, ...more] = positionals;
  const client = CLIENTS.find((known) => known === name);
  if (client === undefined || more.length > 0) throw new Usage();
  const { text, hint } = clientSnippet(
    client,
    values.http === undefined ? stdio() : http(values.http, values["no-token"]),
  );
  say(text);
  if (hint !== null) remark(hint);
  return Promise.resolve();
});

/** Gives `--http` its default address: an option of `parseArgs` either always takes a value or never does. */
function withUrl(args: readonly string[]): string[] {
  return args.flatMap((arg, at) => {
    const alone = arg === "--http" && !/^https?:/.test(args[at + 1] ?? "");
    return alone ? [`--http=${DEFAULT_HTTP_URL}`] : [arg];
  });
}

function http(url: string, noToken: boolean) {
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw new Usage(`--http takes an http or https address, not "${url}".`);
  return { url, token: !noToken };
}

/** Passes on the variables that are set here, so that the client's server finds the same parts; of secrets the names only. */
function stdio() {
  loadConfig(process.env); // throws when a variable is wrong, so that it is not copied
  const env: Record<string, string> = {};
  const secrets: string[] = [];
  for (const [name, schema] of Object.entries(ConfigSchema.shape)) {
    const value = process.env[name] ?? "";
    if (value === "") continue;
    if (schema.meta()?.["secret"] === true) secrets.push(name);
    else env[name] = name.endsWith("_DIR") ? path.resolve(value) : value;
  }
  return { root: ROOT, env, secrets };
}
