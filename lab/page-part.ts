import path from "node:path";
import { processPart, type Part } from "./part.ts";
import { until } from "./until.ts";

export interface PagePartOptions {
  readonly execPath: string;
  /** Folder of the repository. */
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly port: number;
}

/** As long as a worker may take to begin. */
const READY_WITHIN_MS = 60_000;

/** The researcher's page, by the MCP server that also serves it elsewhere. Read-only, and for this machine. */
export function pagePart({ execPath, root, env, port }: PagePartOptions): Part {
  const address = pageAddress(port);
  return processPart({
    name: "page",
    command: execPath,
    args: [path.join(root, "src/bin/mcp.ts"), "--http", "--read-only", "--host", "127.0.0.1", "--port", String(port)],
    env,
    ready: async (signal) => {
      const alive = async () => await answers(address, signal);
      await until(alive, { what: `the page at ${address}`, timeoutMs: READY_WITHIN_MS, signal });
    },
    answers: (signal) => fetch(`${address}/health`, { signal }),
  });
}

export const pageAddress = (port: number): string => `http://127.0.0.1:${port}`;

async function answers(address: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await fetch(`${address}/health`, { signal })).ok;
  } catch {
    return false;
  }
}
