import path from "node:path";

/**
 * What to tell Claude Code and Claude Desktop so that they use the lab of a folder. Absolute paths: both start servers
 * in folders of their own choice.
 */
export function claudeSnippets(root: string, labDir: string): { readonly code: string; readonly desktop: string } {
  const command = path.join(root, "bin", "ktrdr-mcp");
  const server = { command, args: ["mcp"], env: { LAB_DIR: labDir } };
  return {
    code: `claude mcp add ktrdr --env ${shellWord(`LAB_DIR=${labDir}`)} -- ${shellWord(command)} mcp`,
    desktop: JSON.stringify({ mcpServers: { ktrdr: server } }, null, 2),
  };
}

const shellWord = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
