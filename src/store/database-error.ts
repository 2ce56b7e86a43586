import { DomainError, isDomainError } from "../domain/errors.ts";
import { oneLine } from "../domain/plain-text.ts";
import { refusedGrant } from "./grants.ts";

interface Meaning {
  /** A sentence; PostgreSQL's own words follow it. */
  readonly why: string;
  /** What somebody has to do about it. */
  readonly next: string;
}

const MIGRATE = "Run `ktrdr-mcp migrate`, then repeat the call.";
const REPEAT = "Repeat the call.";
const START = "Start PostgreSQL, or mend DATABASE_URL; nothing needs to be repeated by hand.";
const LOOK = "Look at the log of PostgreSQL.";
const TLS_NAME =
  "Name the server in DATABASE_URL as its certificate does; or add uselibpqcompat=true&sslmode=verify-ca.";
const TLS_ROOT =
  "Add sslrootcert=<file of the CA's certificate> to DATABASE_URL (or sslmode=no-verify, which trusts anybody).";
const ROOM = "Make room on the disk of PostgreSQL; nothing needs to be repeated by hand.";
const USER = "Mend user and password in DATABASE_URL (percent-encoded: @ is %40, / is %2F, # is %23, ? is %3F).";

const meaning = (why: string, next: string): Meaning => ({ why, next });

/** Errors known by their words, because they have no code, or one that stands for everything. */
const WORDS: readonly (readonly [RegExp, Meaning])[] = [
  [/no encryption$/, meaning("PostgreSQL lets this user in over TLS only.", "Add sslmode=require to DATABASE_URL.")],
  [
    /(SSL|GSS) encryption$|no pg_hba\.conf entry/,
    meaning("PostgreSQL accepts no such connection from here.", "Add a line to pg_hba.conf, or mend DATABASE_URL."),
  ],
  [
    /valid client certificate/,
    meaning("PostgreSQL asks for a client certificate.", "Add sslcert=<file>&sslkey=<file> to DATABASE_URL."),
  ],
  [/client password must be a/, meaning("PostgreSQL asks for a password, and DATABASE_URL has none.", USER)],
  [
    /does not support SSL connections/,
    meaning(
      "TLS is asked for, and the server has none.",
      "Remove sslmode from DATABASE_URL, or switch TLS on at the server.",
    ),
  ],
  [
    /establishing an SSL connection/,
    meaning("What listens there does not speak PostgreSQL's protocol.", "Mend host and port in DATABASE_URL."),
  ],
  [
    /unsupported startup parameter/,
    meaning(
      "The pooler takes no settings from a client.",
      "Remove `options` and settings from DATABASE_URL, or list them in the pooler's ignore_startup_parameters.",
    ),
  ],
  [
    /no such (database|user)/,
    meaning(
      "The pooler does not know that database or user.",
      "Add it to the pooler's configuration, or mend DATABASE_URL.",
    ),
  ],
  [
    /no more connections allowed|too many (clients|connections)|query_wait_timeout/,
    meaning("There are too many connections already.", "Close some connections or raise the limit of connections."),
  ],
];

/** By SQLSTATE, by its first two characters, or by the code of a system or TLS error. */
const CODES: Readonly<Record<string, Meaning>> = {
  "08": meaning("The connection to PostgreSQL broke.", START),
  "0A": meaning("PostgreSQL cannot do that now: its tables changed meanwhile, or it is a standby.", REPEAT),
  "22P05": meaning(
    "The database cannot hold that character.",
    "Move to a database in UTF8: `create database … encoding 'UTF8' template template0`.",
  ),
  "25": meaning("PostgreSQL ended or refused the transaction.", REPEAT),
  "28": meaning("PostgreSQL refused the user or the password.", USER),
  "40": meaning("PostgreSQL gave up on a transaction that collided with another.", REPEAT),
  "53": meaning("PostgreSQL ran out of a resource.", "Give PostgreSQL more of it; the call can be repeated then."),
  "54": meaning("That is more than PostgreSQL can take.", "Ask for less."),
  "55": meaning("PostgreSQL cannot do that at this moment.", REPEAT),
  "57": meaning("PostgreSQL is shutting down, starting up or ended the session.", START),
  "58": meaning("PostgreSQL could not use its files.", LOOK),
  "22021": meaning(
    "The database cannot hold that character.",
    "Move to a database in UTF8: `create database … encoding 'UTF8' template template0`.",
  ),
  "25006": meaning(
    "PostgreSQL only allows reading right now.",
    "Point DATABASE_URL to a primary server, or set default_transaction_read_only = off there.",
  ),
  "28P01": meaning("PostgreSQL refused the user or the password.", USER),
  "3D000": meaning("The database does not exist yet.", MIGRATE),
  "3F000": meaning(
    "There is no schema that tables could be in.",
    "Create the schema `public`, or one that search_path names.",
  ),
  "42501": meaning("The user of DATABASE_URL lacks a privilege.", "Grant it; `ktrdr-mcp doctor` names the statement."),
  "42703": meaning("A column does not exist yet.", MIGRATE),
  "42P01": meaning("The tables do not exist yet.", MIGRATE),
  "53100": meaning("The disk of PostgreSQL is full.", ROOM),
  "53300": meaning("PostgreSQL has too many connections already.", "Close some connections or raise max_connections."),
  "55P03": meaning("Another session holds a lock for too long.", REPEAT),
  "57014": meaning("PostgreSQL took too long to answer.", REPEAT),
  ECONNREFUSED: meaning("Nothing listens at the address of PostgreSQL.", START),
  ENOTFOUND: meaning("The host of PostgreSQL has no address.", "Mend the host in DATABASE_URL."),
  EAI_AGAIN: meaning(
    "The host of PostgreSQL cannot be looked up now.",
    "Mend the name service, or the host in DATABASE_URL.",
  ),
  EACCES: meaning(
    "A file that DATABASE_URL names cannot be read.",
    "Make it readable, or correct its path in DATABASE_URL.",
  ),
  ENOENT: meaning("A file that DATABASE_URL names does not exist.", "Correct its path in DATABASE_URL."),
  CERT_HAS_EXPIRED: meaning(
    "The certificate of PostgreSQL has expired.",
    "Renew it; clocks that are off look the same.",
  ),
  CERT_NOT_YET_VALID: meaning(
    "The certificate of PostgreSQL is not valid yet.",
    "Compare the clocks of both machines.",
  ),
  ERR_TLS_CERT_ALTNAME_INVALID: meaning("The certificate of PostgreSQL is for another name.", TLS_NAME),
  SELF_SIGNED: meaning("Nobody we trust has signed the certificate of PostgreSQL.", TLS_ROOT),
  TLS: meaning(
    "PostgreSQL and we do not agree on TLS.",
    "Compare sslmode, sslcert and sslkey of DATABASE_URL with what the server wants.",
  ),
  BROKEN: meaning("The connection to PostgreSQL broke.", START),
  UNKNOWN: meaning("PostgreSQL refused, for a reason that is not ours.", LOOK),
};

/** Classes that mean a fault in a statement of ours: data, keys and syntax. Exceptions have a line above. */
const OUR_FAULT = /^(0[239]|2[0-4]|42|44)/;
const UNTRUSTED = /^(DEPTH_ZERO_)?SELF_SIGNED|^UNABLE_TO_|^CERT_(UNTRUSTED|SIGNATURE)/;
const TLS = /^(ERR_SSL|ERR_TLS|ERR_OSSL|CERT_|EPROTO)/;

/** Codes that tell less than the words of the error. */
const SPOKEN = /^(|08...|28...|53...)$/;

/** The client library reports these without a code. */
const CONNECTION_MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed|Client has already been connected|Cannot use a pool after)/;

/** With these codes the database was not reached. */
const UNREACHABLE = /^(08|57(?!014)|E[A-Z]|BROKEN)/;
/** The `what` of the error when nothing answered, or something that is not PostgreSQL. */
export const UNREACHED = "The database does not answer.";
const REFUSED_ENTRY = /^(28|3D|CERT|SELF|ERR|TLS)/;

/**
 * Translates anything that `pg` throws. A DomainError passes unchanged.
 * @returns `database_unavailable`, with PostgreSQL's own words, when the cause lies outside of this program; `internal`
 *   when a statement of ours is wrong
 */
export function toDomainError(error: unknown): DomainError {
  if (isDomainError(error)) return error;
  const code = codeOf(error);
  const message = messageOf(error);
  const [key, known] = meaningOf(code, message);
  const label = code === "" ? "" : ` (${code})`;
  if (known === undefined) {
    const why = code === "" ? "See the log for the cause." : `SQLSTATE ${code}; see the log for the cause.`;
    return new DomainError("internal", { what: "The database refused a statement.", why, cause: error });
  }
  const what = UNREACHABLE.test(key)
    ? UNREACHED
    : REFUSED_ENTRY.test(key)
      ? "The database does not let us in."
      : `The database cannot do its work: ${inALine(message)}.`;
  const said = message === "" || what.includes(inALine(message)) ? "" : ` It says: ${inALine(message)}`;
  const { why, next } = known;
  return new DomainError("database_unavailable", {
    what,
    why: `${why}${said}${label}`,
    next: code === "42501" ? refusedGrant(message, next) : next,
    cause: error,
  });
}

/** The meaning of an error, and its key in the tables; no meaning for a fault of ours. */
function meaningOf(code: string, message: string): readonly [key: string, known: Meaning | undefined] {
  const spoken = SPOKEN.test(code) ? WORDS.find(([words]) => words.test(message)) : undefined;
  if (spoken !== undefined) return ["28", spoken[1]];
  const key = keyOf(code, message);
  return [key, CODES[key]];
}

function keyOf(code: string, message: string): string {
  if (CODES[code] !== undefined) return code;
  if (UNTRUSTED.test(code)) return "SELF_SIGNED";
  if (TLS.test(code)) return "TLS";
  if (/^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code)) {
    if (CODES[code.slice(0, 2)] !== undefined) return code.slice(0, 2);
    return OUR_FAULT.test(code) ? code : "UNKNOWN";
  }
  return /^E[A-Z]+$/.test(code) || CONNECTION_MESSAGES.test(message) ? "BROKEN" : code;
}

/** PostgreSQL's text as a part of a sentence. */
const inALine = (text: string): string => oneLine(text).replace(/\.$/, "");

function messageOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof Error ? first.message : "";
}

/** SQLSTATE or system error code; empty when there is none. */
export function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  // Node tries every address of a host and reports all failures together.
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return "";
}
