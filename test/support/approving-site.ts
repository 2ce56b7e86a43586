/** The product's own page behind its door, with a worker that carries decisions out. */
import type { Context } from "hono";
import { pino } from "pino";
import { registryActivities } from "../../src/activities/registry.ts";
import { createPageApprovals } from "../../src/bin/page-approvals.ts";
import type { HttpEnv } from "../../src/http/bindings.ts";
import { startHttpServer } from "../../src/http/server.ts";
import { MAX_MESSAGE_BYTES, readBytes } from "../../src/mcp/message/read-message.ts";
import { createPage } from "../../src/page/page.ts";
import { STYLE } from "../../src/page/places.ts";
import { createCandidateDecisions } from "../../src/store/candidate-decisions.ts";
import { createPageAccess } from "../../src/store/page-access.ts";
import type { Pool } from "../../src/store/pool.ts";
import { createSlots } from "../../src/temporal/slots.ts";
import type { Stack } from "./mcp-stack.ts";
import { PUBLIC } from "./page-door.ts";
import { Stage } from "./stage.ts";
import { startScriptedWorker, type RunningWorker } from "./workflow-env.ts";

const log = pino({ level: "silent" });

const HOSTS = ["127.0.0.1", "localhost", new URL(PUBLIC).hostname];

export interface ApprovingSite {
  readonly port: number;
  readonly origin: string;
  stop(): Promise<void>;
}

/** @param stack with Temporal. The worker has no other work than decisions */
export async function startDecidingWorker(stack: Stack, pool: Pool): Promise<RunningWorker> {
  const temporal = stack.temporal();
  return await startScriptedWorker(temporal, {
    ...new Stage().activities(createSlots(temporal.client)),
    ...registryActivities({ decisions: createCandidateDecisions(pool), log }),
  });
}

/** As `mcp --http --read-only` wires it. @param tokensFile null: everybody may read */
export async function serveApproving(stack: Stack, pool: Pool, tokensFile: string | null): Promise<ApprovingSite> {
  const approvals = createPageApprovals(pool, stack.deps.waits);
  const access = createPageAccess(pool);
  const approving = ({ var: { reader } }: Context<HttpEnv>) => {
    const { approver } = reader;
    return approver === null ? null : { offer: async (id: string) => await approvals.offer(approver, id) };
  };
  const nobody = () => {
    throw new Error("nothing but the page is asked for");
  };
  const server = await startHttpServer(
    {
      host: "127.0.0.1",
      port: 0,
      requestTimeoutMs: 60_000,
      allowed: { hosts: HOSTS, origins: HOSTS },
      bearer: { tokensFile, oauth: null },
      authenticated: tokensFile !== null,
    },
    {
      deps: async () => stack.deps,
      serverFor: nobody,
      local: { name: null, scope: "read", source: "local" },
      early: async () => null,
      onRefused: nobody,
      messages: { read: readBytes, maxBytes: MAX_MESSAGE_BYTES },
      metrics: null,
      page: {
        app: createPage<HttpEnv>({ deps: async () => stack.deps, log, approving }),
        style: STYLE,
        access: async () => access,
        decide: async (...sent) => await approvals.decide(...sent),
      },
      log,
    },
  );
  return { port: server.port, origin: `http://127.0.0.1:${server.port}`, stop: async () => await server.drain() };
}
