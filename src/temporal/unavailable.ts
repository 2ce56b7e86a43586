/** The errors of Temporal, or of whatever listens at its address, in words. */
import { oneLine } from "../domain/plain-text.ts";
import { DomainError } from "../domain/errors.ts";

interface Meaning {
  readonly what: string;
  readonly why: string;
  readonly next: string;
}

const AWAY = "Temporal does not answer.";
const CLOSED = "Temporal does not let us in.";
const WAIT = "Start it, or mend TEMPORAL_ADDRESS; jobs lose nothing meanwhile.";
const TLS =
  "Compare TEMPORAL_TLS and the other TEMPORAL_TLS_* variables (or the profile in temporal.toml) with the server.";

const meaning = (what: string, why: string, next: string): Meaning => ({ what, why, next });

/** Meanings by the words of an error; the first that fits counts. Then `STATUS` by its gRPC status. */
const WORDS: readonly (readonly [RegExp, Meaning])[] = [
  [/ECONNREFUSED/, meaning(AWAY, "Nothing listens at its address.", WAIT)],
  [
    /ENOTFOUND|EAI_AGAIN|[Nn]ame resolution failed/,
    meaning(AWAY, "Its host has no address.", "Mend the host in TEMPORAL_ADDRESS."),
  ],
  [/EHOSTUNREACH|ENETUNREACH/, meaning(AWAY, "There is no way to its host.", "Mend the network, or TEMPORAL_ADDRESS.")],
  [/proxy/i, meaning(AWAY, "The proxy of the environment did not let us through.", "Add its host to no_proxy.")],
  [
    /altnames|does not match certificate/,
    meaning(
      CLOSED,
      "Its certificate is for another name.",
      "Set TEMPORAL_TLS_SERVER_NAME to the name in the certificate.",
    ),
  ],
  [
    /self[- ]signed|unable to (verify|get)|UNABLE_TO/,
    meaning(
      CLOSED,
      "Nobody we trust has signed its certificate.",
      "Set TEMPORAL_TLS_SERVER_CA_CERT_PATH to the CA's certificate.",
    ),
  ],
  [
    /certificate (has expired|is not yet valid)/,
    meaning(CLOSED, "Its certificate is not valid at this time.", "Renew it, or set the clock right."),
  ],
  [
    /certificate required|bad certificate|handshake failure|alert number/,
    meaning(
      CLOSED,
      "It asks for a client certificate.",
      "Set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH.",
    ),
  ],
  [
    /wrong version number|packet length too long|EPROTO|ssl3?_/i,
    meaning(CLOSED, "TLS is asked for, and the server has none.", TLS),
  ],
  [
    /HTTP status code|Protocol error|Parse Error/i,
    meaning(
      CLOSED,
      "What listens there is no Temporal server.",
      "Mend host and port in TEMPORAL_ADDRESS: 7233 is usual, and the Web UI has another.",
    ),
  ],
  [
    /ECONNRESET|socket hang up|EPIPE|closed/i,
    meaning(AWAY, "The connection was cut; a server that speaks TLS cuts connections without it.", TLS),
  ],
];

const STATUS: Readonly<Record<number, Meaning>> = {
  4: meaning(
    "Temporal did not answer in time.",
    "It is very busy, or away.",
    "It is overloaded, or hangs: see to its load and its log.",
  ),
  7: meaning(
    CLOSED,
    "Our API key or certificate does not allow this.",
    "Mend TEMPORAL_API_KEY, or the rights of its owner in the namespace.",
  ),
  8: meaning(
    "Temporal has too much to do.",
    "It accepts no more calls at this moment.",
    "It is overloaded, or hangs: see to its load and its log.",
  ),
  12: meaning(
    CLOSED,
    "It does not know the call: it is no Temporal server, or too old a one.",
    "Mend TEMPORAL_ADDRESS, or update the server.",
  ),
  16: meaning(CLOSED, "It does not know us.", "Mend TEMPORAL_API_KEY, or the client certificate."),
};

/**
 * gRPC: CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, PERMISSION_DENIED, RESOURCE_EXHAUSTED, ABORTED, UNIMPLEMENTED, INTERNAL,
 * UNAVAILABLE, DATA_LOSS, UNAUTHENTICATED. A server that dies in the middle of an answer, or cannot use its database,
 * may give any of them; a faulty request has other codes.
 */
const OUTSIDE = new Set([1, 2, 4, 7, 8, 10, 12, 13, 14, 15, 16]);

/** Whether an error only tells that no answer came in time. */
export const isLate = (cause: unknown): boolean => LATE.has(saidBy(cause).code ?? -1);

const DEADLINE_EXCEEDED = 4;
const UNAVAILABLE = 14;
const LATE = new Set([DEADLINE_EXCEEDED, UNAVAILABLE]);

/** Codes of the operating system, which `why` says in words. */
const SYSTEM_CODE = /\bE(?:CONN|HOST|NET|TIMED|AI_|PIPE|NOTFOUND|ADDR)\w*/;

/**
 * @param heard why a connection to the address failed; empty when a server is there
 * @returns null for an error that comes neither from the server nor from the connection
 */
export function temporalUnavailable(cause: unknown, heard?: string): DomainError | null {
  const first = saidBy(cause);
  if (first.code === null) return null;
  const code = heard === "" && first.code === UNAVAILABLE ? DEADLINE_EXCEEDED : first.code;
  const words = heard === undefined || heard === "" ? first.words : oneLine(heard);
  const known = WORDS.find(([said]) => said.test(words))?.[1] ?? STATUS[code];
  const { what, why, next } = known ?? meaning(AWAY, "The call failed.", WAIT);
  const said = words === "" || SYSTEM_CODE.test(words) ? "" : ` It was said: ${words}`;
  return new DomainError("temporal_unavailable", { what, why: `${why}${said}`, next, cause });
}

/** The gRPC status of an error, UNAVAILABLE when no connection was made; null for any other error. */
function saidBy(error: unknown): { readonly code: number | null; readonly words: string } {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && typeof cause.code === "number" && OUTSIDE.has(cause.code)) {
      return { code: cause.code, words: oneLine("details" in cause ? String(cause.details) : cause.message) };
    }
    const words = oneLine(cause.message);
    if (cause.name === "TransportError") return { code: UNAVAILABLE, words };
    if (words.includes("Failed to connect before the deadline")) return { code: UNAVAILABLE, words };
  }
  return { code: null, words: "" };
}
