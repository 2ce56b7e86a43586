import { writeSync } from "node:fs";
import { openLog, type Part } from "./part.ts";
import { startPostgres } from "./postgres.ts";

export interface PostgresPartOptions {
  readonly dir: string;
  readonly port: number;
  readonly fsync: boolean;
}

/** The embedded PostgreSQL as a part; its fast shutdown is SIGINT. */
export function postgresPart(options: PostgresPartOptions): Part {
  return {
    name: "postgres",
    stopSignal: "SIGINT",
    async start({ logFile }) {
      const log = openLog(logFile);
      const server = await startPostgres({
        ...options,
        onLog: (line) => writeSync(log, `${line}\n`),
      });
      return { pid: server.pid, exited: server.exited, stop: () => server.stop() };
    },
  };
}
