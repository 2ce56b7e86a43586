import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

/** Calls the tool that does nothing, over the same transport as the real ones. */
export async function connectEmptyTool(): Promise<{ call(): Promise<unknown>; close(): Promise<void> }> {
  const script = fileURLToPath(new URL("empty-tool.ts", import.meta.url));
  const client = new Client({ name: "ktrdr-mcp-bench", version: "1" });
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [script] }));
  return {
    call: () => client.callTool({ name: "nothing", arguments: { task_id: "train-nothing-00000000" } }),
    close: () => client.close(),
  };
}
