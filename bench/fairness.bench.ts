/**
 * Measures what one client that calls as fast as it can costs another client. Both are MCP clients of one server
 * process, and each call passes the real admission. The greedy client makes 2,000 calls at once.
 */
import { Client } from "@modelcontextprotocol/client";
import { InMemoryTransport } from "@modelcontextprotocol/server";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { limitsOf } from "../src/bin/limits.ts";
import { loadConfig } from "../src/config.ts";
import { createLogger } from "../src/logger.ts";
import { createAdmission } from "../src/mcp/admission/admission.ts";
import { defineTool } from "../src/mcp/define-tool.ts";
import type { Deps } from "../src/research/ports.ts";
import { createServer } from "../src/mcp/server.ts";
import { quantile, report } from "./support.ts";

const BURST = 2_000;
const CALLS = 60;
/** The modest client waits this long after each call. So its 60 calls stay below its own limit. */
const EVERY_MS = 50;

/** Costs what a read costs: a moment of waiting and a moment of computing. */
const read = defineTool({
  name: "read",
  title: "Read",
  description: "Answers after a moment.",
  input: z.strictObject({}),
  output: z.object({ rows: z.array(z.number()) }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle() {
    await delay(5);
    return { rows: Array.from({ length: 500 }, (_, row) => row) };
  },
});

type Outcome = "answered" | "refused";

interface Seen {
  readonly outcomes: Outcome[];
  readonly ms: number[];
}

async function call(client: Client, seen: Seen): Promise<void> {
  const began = performance.now();
  const { isError } = await client.callTool({ name: "read", arguments: {} });
  seen.ms.push(performance.now() - began);
  seen.outcomes.push(isError === true ? "refused" : "answered");
}

/** @param env settings of the limits; by default those of the product */
async function measure(title: string, greedyCalls: number, env: Record<string, string> = {}) {
  const admission = createAdmission(limitsOf(loadConfig(env)), () => 0);
  const executions = { record: () => undefined, flush: async () => undefined, dropped: 0 };
  const page = async () => ({ title: "", html: "" });
  const parts = { deps: async () => ({}) as Deps, executions, admission, page, log: createLogger("bench", "silent") };
  const connect = async (name: string): Promise<Client> => {
    const client = new Client({ name, version: "1" });
    const [near, far] = InMemoryTransport.createLinkedPair();
    const server = createServer({ ...parts, tools: [read] });
    await Promise.all([server.connect(far), client.connect(near)]);
    return client;
  };
  const [greedy, modest] = [await connect("greedy"), await connect("modest")];
  const burst: Seen = { outcomes: [], ms: [] };
  const own: Seen = { outcomes: [], ms: [] };
  const flood = Array.from({ length: greedyCalls }, () => call(greedy, burst));
  for (let done = 0; done < CALLS; done += 1) {
    await call(modest, own);
    await delay(EVERY_MS);
  }
  await Promise.all(flood);
  await Promise.all([greedy.close(), modest.close()]);
  const refused = ({ outcomes }: Seen) => outcomes.filter((outcome) => outcome === "refused").length;
  return {
    case: title,
    "modest p50 ms": quantile(own.ms, 0.5),
    "modest p95 ms": quantile(own.ms, 0.95),
    "modest max ms": quantile(own.ms, 1),
    "modest refused": refused(own),
    "greedy answered": burst.outcomes.length - refused(burst),
    "greedy refused": refused(burst),
  };
}

const OFF = { LIMIT_CALLS_PER_MINUTE: "0", LIMIT_CALLS_AT_ONCE: "0" };
await measure("warm up", 100);
await report("fairness", [
  await measure("alone", 0),
  await measure(`beside ${BURST} calls at once`, BURST),
  await measure(`beside ${BURST} calls at once, no limits`, BURST, OFF),
]);
