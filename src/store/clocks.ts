import { z } from "zod";
import { skewOf, TOLERATED_MS } from "../domain/clock-skew.ts";
import { within } from "../within.ts";
import { run, select, type Pool, type Session } from "./pool.ts";

const Now = z.object({ now: z.coerce.number() });

/** @throws DomainError `database_unavailable` */
export async function databaseNow(session: Session): Promise<Date> {
  const [row] = await select(session, Now, "select extract(epoch from clock_timestamp()) * 1000 as now");
  return new Date(row?.now ?? Number.NaN);
}

/**
 * How far this process's clock is ahead of the database's for certain (negative: behind), in milliseconds.
 * @param now this process's clock
 * @throws DomainError `database_unavailable`
 */
export async function aheadOfDatabase(pool: Pool, now: () => number = Date.now): Promise<number> {
  await select(pool, z.object({}), "select"); // so that connecting does not count as time of the answer
  const before = now();
  const theirs = (await databaseNow(pool)).getTime();
  const skew = skewOf({ theirs, before, after: now() });
  return skew === 0 ? 0 : -skew;
}

/** Seconds; a living process looks at its clock more often, so an older row is of one that ended. */
const LASTS_S = 180;
const Off = z.object({
  /** pid@host. */
  process: z.string(),
  /** Positive when the clock is ahead. */
  offsetSeconds: z.number(),
});

/** A process whose clock differs from the database's. */
export type OffClock = Readonly<z.infer<typeof Off>>;

/** Processes whose clock is off now. @throws DomainError `database_unavailable` */
export const offClocks = (pool: Pool): Promise<readonly OffClock[]> =>
  select(
    pool,
    Off,
    `select process, offset_seconds from clocks where seen_at > now() - $1 * interval '1 second'
     order by 1`,
    [LASTS_S],
  );

export interface FollowedClock {
  /** ms since 1970; by the database's clock once it was found to differ. */
  now(): number;
  /** Compares with the database's clock and writes down a difference. @throws DomainError `database_unavailable` */
  look(): Promise<void>;
}

interface Following {
  readonly pool: Pool;
  /** pid@host; null for a process that writes nothing down about itself. */
  readonly process: string | null;
  /** The machine's own clock. */
  readonly now: () => number;
  /** Called when the clock becomes wrong, and with 0 when it is right again. Seconds, positive when it is ahead. */
  readonly onChange: (offsetSeconds: number) => void;
}

/**
 * The machine's clock, corrected by the database's when it is off by more than two seconds: times that are compared
 * with the record then come from one clock, whichever worker took them.
 */
export function followDatabase({ pool, process, now, onChange }: Following): FollowedClock {
  let aheadMs = 0;
  return {
    now: () => now() - aheadMs,
    async look() {
      const measured = await aheadOfDatabase(pool, now);
      const off = Math.abs(measured) > TOLERATED_MS;
      const was = aheadMs;
      aheadMs = off ? measured : 0;
      if (Math.abs(aheadMs - was) > TOLERATED_MS) onChange(aheadMs / 1_000);
      if (process === null) return;
      if (off) await run(pool, WRITE, [process, aheadMs / 1_000]);
      else if (was !== 0) await run(pool, "delete from clocks where process = $1", [process]);
    },
  };
}

const LOOK_EVERY_MS = 60_000;
/** When the database did not answer, it is asked again after this time. */
const LOOK_AGAIN_MS = 5_000;
/** An answer waits no longer than this for the database's time; then it uses this machine's. */
const PATIENCE_MS = 2_000;

/**
 * The time by the database's clock, for occasional callers: the clocks are compared when somebody asks. While the
 * database's time is not known, this machine's is used. Never rejects.
 */
export function databaseTime(pool: Pool, onChange: Following["onChange"] = () => undefined): () => Promise<Date> {
  const clock = followDatabase({ pool, process: null, now: () => Date.now(), onChange });
  let nextLook = -Infinity;
  let looking: Promise<void> | null = null;
  const look = async (): Promise<void> => {
    try {
      await clock.look();
      nextLook = performance.now() + LOOK_EVERY_MS;
    } catch {
      nextLook = performance.now() + LOOK_AGAIN_MS;
    } finally {
      looking = null;
    }
  };
  return async () => {
    if (looking === null && performance.now() >= nextLook) looking = look();
    if (looking !== null) await within(looking, PATIENCE_MS, () => undefined);
    return new Date(clock.now());
  };
}

/** Also removes old rows of processes that ended while their clocks were off. */
const WRITE = `with gone as (delete from clocks where seen_at < now() - interval '1 day' and process <> $1)
  insert into clocks (process, offset_seconds, seen_at) values ($1, $2, now())
  on conflict (process) do update set offset_seconds = excluded.offset_seconds, seen_at = excluded.seen_at`;
