import { DomainError, isDomainError } from "../domain/errors.ts";

const MIGRATE = "Run `ktrdr-mcp migrate`, then repeat the call.";
const START = "Start PostgreSQL (`make lab` brings one up) or mend DATABASE_URL; nothing needs to be repeated by hand.";

/** What a SQLSTATE, its class, or a system error code means for us. Everything listed may pass without our doing. */
const UNAVAILABLE: Readonly<Record<string, { readonly why: string; readonly next: string }>> = {
  "08": { why: "The connection to PostgreSQL broke.", next: START },
  "28": { why: "PostgreSQL refused the user or the password.", next: "Mend DATABASE_URL." },
  "40": { why: "PostgreSQL gave up on a transaction that collided with another.", next: "Repeat the call." },
  "53": {
    why: "PostgreSQL ran out of a resource.",
    next: "Give PostgreSQL more of it; the call can be repeated then.",
  },
  "57": { why: "PostgreSQL is shutting down, starting up or ended the session.", next: START },
  "58": { why: "PostgreSQL could not use its files.", next: "Look at the log of PostgreSQL." },
  "25006": { why: "PostgreSQL only allows reading right now.", next: "Point DATABASE_URL to a primary server." },
  "3D000": { why: "The database does not exist yet.", next: MIGRATE },
  "42703": { why: "A column does not exist yet.", next: MIGRATE },
  "42P01": { why: "The tables do not exist yet.", next: MIGRATE },
  "53100": { why: "The disk of PostgreSQL is full.", next: "Make room on the disk of PostgreSQL." },
  "53300": {
    why: "PostgreSQL has too many connections already.",
    next: "Close some connections or raise max_connections.",
  },
  "55P03": { why: "Another session holds a lock for too long.", next: "Repeat the call." },
  "57014": { why: "PostgreSQL took too long to answer.", next: "Repeat the call." },
  ECONNREFUSED: { why: "Nothing listens at the address of PostgreSQL.", next: START },
  ENOTFOUND: { why: "The host of PostgreSQL has no address.", next: "Mend DATABASE_URL." },
};

const SYSTEM_CODES = new Set(
  "ECONNRESET ETIMEDOUT EPIPE EHOSTUNREACH ENETUNREACH ECONNABORTED EAI_AGAIN ENOENT".split(" "),
);

/** The client library reports these without a code. */
const CONNECTION_MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed|Client has already been connected|Cannot use a pool after)/;

/**
 * Translates anything that `pg` throws. A DomainError passes unchanged.
 * @returns `database_unavailable` when the same call may succeed later, otherwise `internal`.
 */
export function toDomainError(error: unknown): DomainError {
  if (isDomainError(error)) return error;
  const code = codeOf(error);
  const known = UNAVAILABLE[code] ?? (/^[0-9A-Z]{5}$/.test(code) ? UNAVAILABLE[code.slice(0, 2)] : undefined);
  const message = error instanceof Error ? error.message : "";
  if (known !== undefined || SYSTEM_CODES.has(code) || CONNECTION_MESSAGES.test(message)) {
    const { why, next } = known ?? { why: "The connection to PostgreSQL broke.", next: START };
    const suffix = code === "" ? "" : ` (${code})`;
    return new DomainError("database_unavailable", {
      what: "The database does not answer.",
      why: `${why}${suffix}`,
      next,
      cause: error,
    });
  }
  return new DomainError("internal", {
    what: "The database refused a statement.",
    why: code === "" ? "See the log for the cause." : `SQLSTATE ${code}; see the log for the cause.`,
    cause: error,
  });
}

/** SQLSTATE or system error code; empty when there is none. */
export function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  // Node tries every address of a host and reports all failures together.
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return "";
}
