import { readFileSync } from "node:fs";
import { z } from "zod";
import { DomainError } from "./domain/errors.ts";
import { errorText } from "./error-text.ts";

/**
 * One schema for every setting of every process. `docs/configuration.md` and the log's redaction list are derived from
 * it: `.meta({ secret: true })` hides a value, `.describe()` is its documentation.
 */
const url = z.url({ protocol: /^https?$/ });
const text = (fallback: string) => z.string().default(fallback);
const port = z.coerce.number().int().min(0).max(65_535);
const unset = z.string().optional();
/** With an unescaped character the parser would read a part of the password as the path. The error must not quote it. */
const databaseUrl = z.string().refine(isDatabaseUrl, {
  message:
    "Not like postgresql://user:password@host:5432/database. In user and password write @ as %40, / as %2F, # as %23, ? as %3F, : as %3A and % as %25.",
});
const ORIGIN =
  "Not like https://research.example.com or http://127.0.0.1:3100: scheme, host and port, and nothing else.";
/** The path of a page follows it. */
const origin = z
  .url({ protocol: /^https?$/, error: ORIGIN })
  .refine((text) => text.replace(/\/$/, "").toLowerCase() === URL.parse(text)?.origin, { error: ORIGIN });
const count = (fallback: number) => z.coerce.number().int().positive().default(fallback);
/** 0 switches it off. */
const limit = (fallback: number) => z.coerce.number().int().nonnegative().default(fallback);

export const ConfigSchema = z.object({
  KTRDR_API_URL: url.default("http://127.0.0.1:8000").describe("Base address of the KTRDR API, without /api/v1."),
  KTRDR_STRATEGIES_DIR: unset.describe(
    "KTRDR's strategies folder as this machine sees it; create_strategy writes here, and a job's strategy text is read here.",
  ),
  KTRDR_DATA_DIR: unset.describe(
    "KTRDR's data folder as this machine sees it, read-only is enough: bars and ranges are then read from its price files instead of the API. `holdout set`, and the worker when it loads bars of a symbol with a holdout, write there.",
  ),
  KTRDR_MODELS_DIR: unset.describe(
    "KTRDR's models folder as this machine sees it, read-only is enough: what it says of models that were trained elsewhere.",
  ),
  DATABASE_URL: databaseUrl
    .default("postgresql://postgres@127.0.0.1:5432/ktrdr_mcp")
    .meta({ secret: true })
    .describe("PostgreSQL (15 or newer) for jobs, results and the tool execution log."),
  DATABASE_URL_FILE: unset.describe(
    "File that holds DATABASE_URL, so that the password is in no environment. Wins over DATABASE_URL.",
  ),
  TEMPORAL_ADDRESS: text("127.0.0.1:7233").describe(
    "Temporal server. TLS, API key and the other TEMPORAL_* variables of the Temporal SDKs work too.",
  ),
  TEMPORAL_NAMESPACE: text("default").describe(
    "Temporal namespace. A lab has one of its own in its folder, unless this is set.",
  ),
  TEMPORAL_UI_URL: url.optional().describe("Address of the Temporal Web UI; answers link to it when set."),
  KTRDR_POLL_INTERVAL_MS: count(5_000).describe(
    "How often a running operation is read from KTRDR. KTRDR loses track of an operation that is left alone for a minute: stay below 30000.",
  ),
  KTRDR_REQUEST_TIMEOUT_MS: count(30_000).describe("Time limit of one request to KTRDR."),
  JOB_STALL_AFTER_MS: count(600_000).describe(
    "A job without progress for this long is reported as stalled. Real trainings are silent for 2-5 minutes before the first epoch.",
  ),
  JOB_STALL_FAIL_AFTER_MS: count(3_600_000).describe("A job without progress for this long is stopped and fails."),
  JOB_MAX_COMPUTATIONS: count(3).describe("How many times a job may be computed when a computation is proven dead."),
  KTRDR_NOT_FOUND_GRACE_MS: count(30_000).describe(
    "How long KTRDR may not know an operation it has started before its workers are asked.",
  ),
  KTRDR_DEAD_GRACE_MS: count(20_000).describe(
    "How long a computation must be found dead before it is believed lost. KTRDR's own registry lags by 10 s.",
  ),
  KTRDR_START_IN_FLIGHT_MS: count(35_000).describe(
    "How long a start whose answer was lost may still take effect. KTRDR gives its own call to a worker 30 s.",
  ),
  MCP_HTTP_HOST: text("127.0.0.1").describe(
    "Address that `mcp --http` listens on. Beyond loopback it wants tokens or OAuth, and its own names.",
  ),
  MCP_HTTP_PORT: port.default(3100).describe("Port of `mcp --http`."),
  MCP_HTTP_ALLOWED_HOSTS: text("").describe(
    "Host names that `mcp --http` may be called by, separated by commas; loopback names need not be listed.",
  ),
  MCP_HTTP_ALLOWED_ORIGINS: text("").describe(
    "Host names of web pages that may call `mcp --http`, separated by commas. Programs are not concerned.",
  ),
  MCP_HTTP_REQUEST_TIMEOUT_MS: count(30_000).describe("How long a client of `mcp --http` may take to send a request."),
  MCP_PUBLIC_URL: origin
    .optional()
    .describe(
      "Address of `mcp --http` as browsers type it: scheme, host and port. The links of `page-link` begin with it.",
    ),
  MCP_TOKENS_FILE: unset.describe(
    "File of the bearer tokens that `mcp --http` lets in, as `token new` writes it; read again when it changes.",
  ),
  MCP_OAUTH_ISSUER: url.optional().describe("Issuer of the OAuth access tokens that `mcp --http` lets in."),
  MCP_OAUTH_AUDIENCE: url
    .optional()
    .describe("Public address of this server's /mcp, which OAuth tokens for it carry as audience."),
  MCP_OAUTH_JWKS_URL: url.optional().describe("Where the OAuth issuer publishes its keys (JWKS)."),
  LIMIT_CALLS_PER_MINUTE: limit(100).describe("Calls a minute that a client may make of each tool; 0: no limit."),
  LIMIT_CALLS_AT_ONCE: limit(10).describe(
    "Calls of one client that are answered at once; four times as many wait for their turn. 0: no limit.",
  ),
  LIMIT_WAITING_CALLS: limit(30).describe(
    "Calls of one client that wait for a job to end (get_task_status with wait_seconds), counted apart. 0: no limit.",
  ),
  LIMIT_OPEN_JOBS: limit(500).describe("Jobs that may be open; a batch is one. 0: no limit."),
  LIMIT_OPEN_JOBS_PER_CLIENT: limit(100).describe("Jobs of one client that may be open. 0: no limit."),
  LIMIT_QUEUED: limit(1_000).describe(
    "Computations that may wait for KTRDR; each job of a batch that is open at once is one. 0: no limit.",
  ),
  LIMIT_QUEUED_PER_CLIENT: limit(200).describe("Computations of one client that may wait for KTRDR. 0: no limit."),
  LIMIT_MEMORY_MB: limit(1_024).describe(
    "Memory of an MCP server process from which on it takes no new job (reads are answered). Stay below the limit of its container. 0: no limit.",
  ),
  KTRDR_BREAKER_FAILURES: limit(5).describe(
    "After so many reads in a row without an answer the MCP server leaves KTRDR alone for five seconds. 0: it never does.",
  ),
  LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "silent"])
    .default("info")
    .describe("Least severe level that is logged (JSON lines on stderr)."),
  WORKER_HTTP_PORT: port
    .optional()
    .describe(
      "Where `worker` serves /health, /ready and /metrics (0: any free port, which its log names). Not served unless set.",
    ),
  WORKER_HTTP_HOST: text("127.0.0.1").describe(
    "Address that `worker` serves those at. There is no password: open it to a network you trust only.",
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: url
    .optional()
    .describe(
      "Base address of an OpenTelemetry collector (OTLP over HTTP). Set, traces are sent; the SDK's other OTEL_* variables work too.",
    ),
  LAB_DIR: text(".lab").describe(
    "Folder that holds all state of the embedded lab; a relative one is taken from the repository, wherever the process starts.",
  ),
  TEMPORAL_CLI_PATH: unset.describe(
    "A `temporal` binary for the lab's own server, instead of the one on PATH or a downloaded one.",
  ),
});

export type Config = z.infer<typeof ConfigSchema>;

/**
 * Reads the configuration from an environment, and from the file it names. Empty strings count as absent.
 * @throws DomainError `invalid_input` naming every wrong variable at once; never quotes a secret.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ""));
  const secretFile = present["DATABASE_URL_FILE"];
  if (secretFile !== undefined) present["DATABASE_URL"] = readSecret("DATABASE_URL_FILE", secretFile);
  const parsed = ConfigSchema.safeParse(present);
  if (parsed.success) return parsed.data;
  throw new DomainError("invalid_input", {
    what: "The configuration is not usable.",
    why: z.prettifyError(parsed.error),
    next: "Mend the variables named above; docs/configuration.md lists them all.",
  });
}

function isDatabaseUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) return false;
  // An @ after the host is a part of a password.
  return !/@/.test(url.pathname + url.hash) && !(url.username === "" && url.search.includes("@"));
}

function readSecret(variable: string, file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new DomainError("invalid_input", {
      what: `The file that ${variable} names cannot be read.`,
      why: errorText(cause),
      next: `Make ${file} readable for this process, or correct ${variable}.`,
      cause,
    });
  }
}
