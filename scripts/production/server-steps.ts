/** Starts the servers that all of ours need, in the order of docker-compose.yml: PostgreSQL, Temporal, our tables. */
import path from "node:path";
import type { Step } from "../../lab/lab-steps.ts";
import { findDevServer } from "../../lab/temporal-binary.ts";
import * as stacks from "./stack.ts";

export interface Programs {
  /** The folder of the Go programs. It is asked for when the first of them is needed. */
  readonly programs: () => string;
  readonly cacheDir: string;
}

export function serverSteps(stack: stacks.Stack, { programs, cacheDir }: Programs): readonly Step[] {
  const { places, supervisor } = stack;
  return [
    {
      title: "postgres",
      run: async (note) => {
        const cli = await findDevServer({ env: process.env, cacheDir, onNote: note });
        const ofGo = ["temporal-server", "temporal-sql-tool"].map(
          (name) => [name, path.join(programs(), name)] as const,
        );
        await stacks.linkPrograms(places, { ...Object.fromEntries(ofGo), node: process.execPath, temporal: cli.path });
        await stacks.startDatabase(stack);
        return `port ${places.ports.postgres}`;
      },
    },
    { title: "temporal-schema", run: () => stacks.runToItsEnd(stack, "temporal-schema") },
    {
      title: "temporal",
      run: async () => (await supervisor.start(stacks.temporalPart(stack)), `port ${places.ports.temporal}`),
    },
    { title: "temporal-namespace", run: () => stacks.runToItsEnd(stack, "temporal-namespace") },
    {
      title: "migrate",
      run: async () => (JSON.parse(await stacks.runToItsEnd(stack, "migrate")) as { msg: string }).msg,
    },
  ];
}
