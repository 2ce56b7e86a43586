import { once } from "node:events";
import { writeSync } from "node:fs";
import { createConnection } from "node:net";
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
    answers: (signal) => greets(options.port, signal),
    async start({ logFile }) {
      const log = openLog(logFile);
      const server = await startPostgres({
        ...options,
        onLog: (line) => note(log, line),
      });
      return { pid: server.pid, exited: server.exited, stop: () => server.stop() };
    },
  };
}

/** A full disk costs lines of the log, not the lab: the server itself waits for room. */
function note(log: number, line: string): void {
  try {
    writeSync(log, `${line}\n`);
  } catch {
    // Nowhere to say it.
  }
}

/** The protocol's first message, which asks for TLS: the server answers it before it asks for a user. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

async function greets(port: number, signal: AbortSignal): Promise<void> {
  const socket = createConnection({ host: "127.0.0.1", port });
  try {
    socket.write(SSL_REQUEST);
    await once(socket, "data", { signal });
  } finally {
    socket.destroy();
  }
}
