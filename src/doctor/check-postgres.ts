import { z } from "zod";
import { isDomainError } from "../domain/errors.ts";
import { holdOf } from "../domain/research-control.ts";
import { errorText } from "../lab/error-text.ts";
import { createResearchControl } from "../store/research-control.ts";
import { assertSchemaCurrent } from "../store/migrate.ts";
import { createPool, select, type Pool } from "../store/pool.ts";
import { checkClock, type Glance } from "./clock.ts";
import { fine, found, type Finding } from "./finding.ts";
import { silent } from "./port.ts";
import { within } from "./within.ts";

const PART = "PostgreSQL";
const OLDEST = 15;
const Row = z.object({ version: z.coerce.number(), now: z.coerce.number() });

/** Whether it answers, how old it is, whether its tables fit this code, and what its clock says. */
export async function checkPostgres(databaseUrl: string): Promise<readonly Finding[]> {
  const { host, port, hostname, pathname } = new URL(databaseUrl);
  const pool = createPool(databaseUrl, { max: 1, applicationName: "ktrdr-mcp doctor", queryTimeoutMs: 3_000 });
  try {
    const { version, glance } = await within(greet(pool));
    const major = Math.floor(version / 10_000);
    if (major < OLDEST) {
      const detail = `${host}${pathname} is version ${major}; ${OLDEST} or newer is needed`;
      return [found(PART, "postgres_old", detail, { fix: "make lab", note: "Or point DATABASE_URL to a newer one." })];
    }
    const tables = await checkTables(pool, `${host}${pathname}, version ${major}`);
    const orders = tables.code === null ? await checkOrders(pool) : [];
    return [tables, ...orders, checkClock(PART, glance)];
  } catch (error) {
    if (sqlStateOf(error) === "3D000") return [unmigrated(`${host} has no database ${pathname.slice(1)}`)];
    const next = isDomainError(error) ? error.next : undefined;
    const remedy = { fix: "make lab", note: next ?? "Or start your own and set DATABASE_URL." };
    const address = `${hostname}:${port || "5432"}`;
    return [await silent({ part: PART, code: "postgres_down", address }, errorText(error), remedy)];
  } finally {
    // A server that hangs would keep the connection, and us.
    await within(pool.end(), 500).catch(() => undefined);
  }
}

async function greet(pool: Pool): Promise<{ readonly version: number; readonly glance: Glance }> {
  await select(pool, z.object({}), "select"); // connecting is not part of the glance at the clock
  const before = Date.now();
  const [row] = await select(
    pool,
    Row,
    `select current_setting('server_version_num') as version, extract(epoch from clock_timestamp()) * 1000 as now`,
  );
  const { version, now: theirs } = Row.parse(row);
  return { version, glance: { theirs, before, after: Date.now() } };
}

async function checkTables(pool: Pool, who: string): Promise<Finding> {
  try {
    await within(assertSchemaCurrent(pool));
    return fine(PART, `${who}, tables up to date`);
  } catch (error) {
    if (!isDomainError(error, "schema_newer")) return unmigrated(errorText(error));
    return found(PART, "schema_newer", errorText(error), {
      fix: "make deps",
      note: "After updating the sources of ktrdr-mcp; or point DATABASE_URL to another database.",
    });
  }
}

/** What operators ordered and may have forgotten. */
async function checkOrders(pool: Pool): Promise<readonly Finding[]> {
  const part = "Research";
  const orders = await within(createResearchControl(pool).current());
  const held = holdOf(orders);
  if (held === null) return [fine(part, "jobs may begin")];
  const paused = orders.pause !== null;
  const fix = paused ? "bin/ktrdr-mcp resume-research" : "bin/ktrdr-mcp budget off";
  return [found(part, paused ? "research_paused" : "budget_used_up", held, { fix })];
}

const unmigrated = (detail: string): Finding => found(PART, "tables_missing", detail, { fix: "bin/ktrdr-mcp migrate" });

const sqlStateOf = (error: unknown): unknown =>
  isDomainError(error) && error.cause instanceof Error && "code" in error.cause ? error.cause.code : undefined;
