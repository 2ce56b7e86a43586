import pg from "pg";
import { until } from "../../lab/until.ts";

type Lift = () => Promise<void>;

/** Lets every transaction only read, in old sessions as well. Does nothing when PostgreSQL is down. */
export async function makeReadOnly(database: string): Promise<Lift> {
  const done = await administer(database, "alter system set default_transaction_read_only = on").then(
    () => true,
    () => false,
  );
  if (!done) return async () => undefined;
  return async () => {
    const writable = async () => {
      await administer(database, "alter system reset default_transaction_read_only");
      return true;
    };
    // PostgreSQL may just be starting again.
    await until(writable, { what: "PostgreSQL being writable", timeoutMs: 120_000 });
  };
}

async function administer(database: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: database, connectionTimeoutMillis: 3_000 });
  client.on("error", () => undefined);
  await client.connect();
  try {
    await client.query(statement);
    await client.query("select pg_reload_conf()");
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Takes every connection that is left. */
export async function takeConnections(database: string): Promise<Lift> {
  const taken: pg.Client[] = [];
  const release = async () => void (await Promise.all(taken.map((client) => client.end().catch(() => undefined))));
  for (let count = 0; count < 200; count += 1) {
    const client = new pg.Client({ connectionString: database, connectionTimeoutMillis: 3_000 });
    client.on("error", () => undefined);
    try {
      await client.connect();
      taken.push(client);
    } catch {
      break; // none is left, or PostgreSQL is down
    }
  }
  return release;
}
