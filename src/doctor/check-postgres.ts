import { z } from "zod";
import { isDomainError, type DomainError } from "../domain/errors.ts";
import type { Glance } from "../domain/clock-skew.ts";
import { holdOf } from "../domain/research-control.ts";
import { errorText } from "../error-text.ts";
import { createResearchControl } from "../store/research-control.ts";
import { codeOf, UNREACHED } from "../store/database-error.ts";
import { assertSchemaCurrent, assertUtf8 } from "../store/migrate.ts";
import { offClocks } from "../store/clocks.ts";
import { createPool, select, type Pool } from "../store/pool.ts";
import { assertUp } from "../store/try-writing.ts";
import { checkClock, checkWorkerClocks } from "./clock.ts";
import { fine, found, type Finding } from "./finding.ts";
import { silent } from "./port.ts";
import { within } from "../within.ts";

const PART = "PostgreSQL";
const OLDEST = 15;
/** For findings that no command mends: the note says what to do, then the doctor looks again. */
const AGAIN = "bin/ktrdr-mcp doctor";
const Row = z.object({ version: z.coerce.number(), now: z.coerce.number() });

/** Checks whether PostgreSQL answers, how old it is, whether its tables fit this code, and what its clock says. */
export async function checkPostgres(databaseUrl: string, patienceMs: number): Promise<readonly Finding[]> {
  const { host, port, hostname, pathname } = new URL(databaseUrl);
  const times = { connectTimeoutMs: patienceMs / 2, queryTimeoutMs: (patienceMs * 3) / 4 };
  const pool = createPool(databaseUrl, { max: 1, applicationName: "ktrdr-mcp doctor", ...times });
  try {
    const { version, glance } = await within(greet(pool), patienceMs);
    const major = Math.floor(version / 10_000);
    if (major < OLDEST) {
      const detail = `${host}${pathname} is version ${major}; ${OLDEST} or newer is needed`;
      return [found(PART, "postgres_old", detail, { fix: "make lab", note: "Or point DATABASE_URL to a newer one." })];
    }
    const encoding = await checkEncoding(pool, patienceMs);
    const tables = await checkTables(pool, `${host}${pathname}, version ${major}`, patienceMs);
    const more =
      tables.code === null
        ? [
            ...(await checkWriting(pool, patienceMs)),
            ...(await checkOrders(pool, patienceMs)),
            ...(await clocks(pool, patienceMs)),
          ]
        : [];
    return [...encoding, tables, ...more, checkClock(PART, glance)];
  } catch (error) {
    if (isDomainError(error) && codeOf(error.cause) === "3D000")
      return [unmigrated(`${host} has no database ${pathname.slice(1)}`)];
    const next = isDomainError(error) ? error.next : undefined;
    if (isDomainError(error) && error.what !== UNREACHED) return [refused(error)];
    const remedy = { fix: "make lab", note: next ?? "Or start your own and set DATABASE_URL." };
    const address = `${hostname}:${port || "5432"}`;
    return [await silent({ part: PART, code: "postgres_down", address, patienceMs }, errorText(error), remedy)];
  } finally {
    // A server that hangs would keep the connection open and the doctor waiting.
    await within(pool.end(), 500).catch(() => undefined);
  }
}

async function greet(pool: Pool): Promise<{ readonly version: number; readonly glance: Glance }> {
  await select(pool, z.object({}), "select"); // so that connecting does not count as time of the answer
  const before = Date.now();
  const [row] = await select(
    pool,
    Row,
    `select current_setting('server_version_num') as version, extract(epoch from clock_timestamp()) * 1000 as now`,
  );
  const { version, now: theirs } = Row.parse(row);
  return { version, glance: { theirs, before, after: Date.now() } };
}

/** PostgreSQL answers with an error, so starting it mends nothing. */
const refused = (error: DomainError): Finding =>
  found(PART, "postgres_refuses", errorText(error), { fix: AGAIN, note: error.next });

async function checkEncoding(pool: Pool, patienceMs: number): Promise<readonly Finding[]> {
  try {
    await within(assertUtf8(pool), patienceMs);
    return [];
  } catch (error) {
    if (!isDomainError(error)) throw error;
    return [found(PART, "postgres_encoding", errorText(error), { fix: "bin/ktrdr-mcp migrate", note: error.next })];
  }
}

const clocks = async (pool: Pool, patienceMs: number) => checkWorkerClocks(await within(offClocks(pool), patienceMs));

async function checkWriting(pool: Pool, patienceMs: number): Promise<readonly Finding[]> {
  const part = "PostgreSQL, writing";
  try {
    await within(assertUp(pool), patienceMs);
    return [fine(part, "possible")];
  } catch (error) {
    const note = isDomainError(error) ? error.next : undefined;
    return [found(part, "postgres_readonly", errorText(error), { fix: AGAIN, note })];
  }
}

async function checkTables(pool: Pool, who: string, patienceMs: number): Promise<Finding> {
  try {
    await within(assertSchemaCurrent(pool), patienceMs);
    return fine(PART, `${who}, tables up to date`);
  } catch (error) {
    if (isDomainError(error) && codeOf(error.cause) === "42501") return refused(error);
    if (!isDomainError(error, "schema_newer")) return unmigrated(errorText(error));
    return found(PART, "schema_newer", errorText(error), {
      fix: "make deps",
      note: "After updating the sources of ktrdr-mcp; or point DATABASE_URL to another database.",
    });
  }
}

/** A pause or budget that an operator set and may have forgotten. */
async function checkOrders(pool: Pool, patienceMs: number): Promise<readonly Finding[]> {
  const part = "Research";
  const orders = await within(createResearchControl(pool).current(), patienceMs);
  const held = holdOf(orders);
  if (held === null) return [fine(part, "jobs may begin")];
  const paused = orders.pause !== null;
  const fix = paused ? "bin/ktrdr-mcp resume-research" : "bin/ktrdr-mcp budget off";
  return [found(part, paused ? "research_paused" : "budget_used_up", held, { fix })];
}

const unmigrated = (detail: string): Finding => found(PART, "tables_missing", detail, { fix: "bin/ktrdr-mcp migrate" });
