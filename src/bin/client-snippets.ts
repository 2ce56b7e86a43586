/** What connects each MCP client to this server, for `config`, the lab and the documents. */
import path from "node:path";
import { DomainError } from "../domain/errors.ts";

export const CLIENTS = ["claude-code", "claude-desktop", "inspector"] as const;
export type ClientName = (typeof CLIENTS)[number];

export const DEFAULT_HTTP_URL = "http://127.0.0.1:3100/mcp";

/** The client's environment variable with its token. The token itself is never printed. */
export const TOKEN_VARIABLE = "KTRDR_MCP_TOKEN";

/** The client starts the server of a checkout. */
interface Stdio {
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  /** Variables whose values must not be written down. */
  readonly secrets: readonly string[];
}

/** The server runs already. */
interface Http {
  readonly url: string;
  /** Whether to send the token of `TOKEN_VARIABLE`. */
  readonly token: boolean;
}

interface Snippet {
  readonly text: string;
  /** What the user must still do. */
  readonly hint: string | null;
}

/**
 * The text to type or to put into the client's configuration. Its paths are absolute, because clients start servers in
 * any folder.
 * @throws DomainError `invalid_input` for a way that the client does not know.
 */
export function clientSnippet(client: ClientName, way: Stdio | Http): Snippet {
  if ("url" in way)
    return { text: byHttp(client, way), hint: way.token ? `Set ${TOKEN_VARIABLE} to your token.` : null };
  const { secrets } = way;
  const hint =
    client === "claude-desktop" && secrets.length > 0 ? `Add ${secrets.join(", ")} to "env" yourself.` : null;
  return { text: byStdio(client, way), hint };
}

function byStdio(client: ClientName, { root, env, secrets }: Stdio): string {
  const command = path.join(root, "bin", "ktrdr-mcp");
  switch (client) {
    case "claude-code":
      return [
        line(["claude", "mcp", "add", "ktrdr"]),
        ...variables("--env", env, secrets),
        line(["--", command, "mcp"]),
      ].join(" ");
    case "claude-desktop":
      return JSON.stringify({ mcpServers: { ktrdr: { command, args: ["mcp"], env } } }, null, 2);
    case "inspector":
      return [line(INSPECTOR), ...variables("-e", env, secrets), line([command, "mcp"])].join(" ");
  }
}

function byHttp(client: ClientName, { url, token }: Http): string {
  switch (client) {
    case "claude-code": {
      // This goes into the folder's `.mcp.json`, where Claude Code fills in `${...}` each time it connects.
      const headers = token ? { headers: { Authorization: `Bearer \${${TOKEN_VARIABLE}}` } } : {};
      const server = JSON.stringify({ type: "http", url, ...headers });
      return line(["claude", "mcp", "add-json", "--scope", "project", "ktrdr", server]);
    }
    case "claude-desktop":
      throw noHttp(url);
    case "inspector": {
      const header = token ? ` --header "Authorization: Bearer $${TOKEN_VARIABLE}"` : "";
      return `${line([...INSPECTOR, "--transport", "http", "--server-url", url])}${header}`;
    }
  }
}

/** The shell fills in a secret when the line is typed. */
const variables = (flag: string, env: Stdio["env"], secrets: readonly string[]) => [
  ...Object.entries(env).map(([name, value]) => line([flag, `${name}=${value}`])),
  ...secrets.map((name) => `${flag} "${name}=$${name}"`),
];

const line = (words: readonly string[]) => words.map(shellWord).join(" ");

const INSPECTOR = ["npx", "@modelcontextprotocol/inspector@2"];

const noHttp = (url: string) =>
  new DomainError("invalid_input", {
    what: "Claude Desktop's configuration file takes no HTTP address.",
    why: "It starts servers itself; others it reaches from the internet only, by a public https address.",
    next: url.startsWith("https://")
      ? `Add ${url} in Claude Desktop under Settings, Connectors; or leave out --http.`
      : "Leave out --http; or publish the server by https and add its address under Settings, Connectors.",
  });

const shellWord = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
