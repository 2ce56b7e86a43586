import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import pg from "pg";

/** A pooler in transaction mode that behaves as PgBouncer does by default. */
export interface Pooler {
  /** The database's address through the pooler. */
  readonly url: string;
  /** Sessions at the server, in the order in which the next transactions get them. */
  readonly sessions: readonly pg.Client[];
  close(): Promise<void>;
}

/** The startup parameters that PgBouncer takes. It refuses any other. */
const TAKEN = new Set(["user", "database", "client_encoding", "application_name", "datestyle", "timezone"]);
const SSL_REQUEST = 80_877_103;
const [AUTHENTICATED, READY] = [Buffer.from("R\0\0\0\u0008\0\0\0\0"), Buffer.from("Z\0\0\0\u0005I")];
/** Tells the client process 1 and key 2. As with PgBouncer, that is not the process that serves it. */
const KEY = Buffer.from("K\0\0\0\u000C\0\0\0\u0001\0\0\0\u0002");

/** Starts a pooler with `size` sessions. Each transaction gets the one that was used longest ago. */
export async function startPooler(databaseUrl: string, size = 3): Promise<Pooler> {
  const sessions = Array.from({ length: size }, () => new pg.Client({ connectionString: databaseUrl }));
  for (const session of sessions) {
    session.on("error", () => undefined);
    await session.connect();
    wireOf(session)
      .removeAllListeners("data")
      .on("error", () => undefined);
  }
  const idle = [...sessions];
  const waiting: ((session: pg.Client) => void)[] = [];
  const clients = new Set<Socket>();
  const take = async () => idle.shift() ?? (await new Promise<pg.Client>((resolve) => waiting.push(resolve)));
  const give = (session: pg.Client) => (waiting.shift() ?? ((free) => void idle.push(free)))(session);
  const server = createServer((client) => {
    clients.add(client.once("close", () => clients.delete(client)).on("error", () => undefined));
    void serve(client, take, give);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: addressOf(server, databaseUrl),
    sessions,
    async close() {
      for (const client of clients) client.destroy();
      for (const session of sessions) wireOf(session).destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const wireOf = (session: pg.Client): Duplex =>
  (session as unknown as { connection: { stream: Duplex } }).connection.stream;

function addressOf(server: Server, databaseUrl: string): string {
  const url = new URL(databaseUrl);
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("not listening on a port");
  url.host = `127.0.0.1:${bound.port}`;
  return url.href;
}

async function serve(client: Socket, take: () => Promise<pg.Client>, give: (session: pg.Client) => void) {
  let begun = false;
  let session: Promise<pg.Client> | null = null;
  client.on("data", (data: Buffer) => {
    if (!begun) {
      begun = greet(client, data);
      return;
    }
    if (data[0] === 0x58) return void client.end(); // Terminate
    session ??= take().then((taken) => {
      relay(wireOf(taken), client, () => {
        session = null;
        give(taken);
      });
      return taken;
    });
    void session.then((taken) => wireOf(taken).write(data));
  });
}

/** @returns whether the client is let in. */
function greet(client: Socket, data: Buffer): boolean {
  if (data.readInt32BE(4) === SSL_REQUEST) return !client.write("N");
  const words = data.subarray(8).toString().split("\0");
  const refused = words.find((word, at) => at % 2 === 0 && word !== "" && !TAKEN.has(word.toLowerCase()));
  if (refused === undefined) return client.write(Buffer.concat([AUTHENTICATED, KEY, READY])) || true;
  const text = `SFATAL\0C08P01\0Munsupported startup parameter: ${refused}\0\0`;
  const head = Buffer.from("E\0\0\0\0");
  head.writeInt32BE(4 + text.length, 1);
  client.end(Buffer.concat([head, Buffer.from(text)]));
  return false;
}

/** Passes answers on until the server says that it is in no transaction. */
function relay(from: Duplex, to: Socket, ended: () => void): void {
  let rest = Buffer.alloc(0);
  const pass = (data: Buffer) => {
    to.write(data);
    rest = Buffer.concat([rest, data]);
    for (;;) {
      if (rest.length < 5) return;
      const end = 1 + rest.readInt32BE(1);
      if (rest.length < end) return;
      const idle = rest[0] === 0x5a && rest[5] === 0x49; // ReadyForQuery, outside of a transaction
      rest = rest.subarray(end);
      if (!idle) continue;
      from.off("data", pass);
      ended();
      return;
    }
  };
  from.on("data", pass);
}
