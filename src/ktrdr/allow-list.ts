import { isPlainLine } from "../domain/plain-text.ts";
import { DomainError } from "../domain/errors.ts";

export type Method = "GET" | "POST" | "DELETE";

/** Which process a request goes to: KTRDR's API, or one of its workers. */
export type Surface = "api" | "worker";

/** `*` stands for exactly one path segment that carries a name. */
const ALLOWED = {
  api: [
    "GET /api/v1/health",
    "GET /api/v1/symbols",
    "GET /api/v1/data/*/*",
    "POST /api/v1/data/range",
    "POST /api/v1/data/acquire/download",
    "GET /api/v1/indicators/",
    "POST /api/v1/indicators/calculate",
    "POST /api/v1/trainings/start",
    "POST /api/v1/backtests/start",
    "GET /api/v1/operations",
    "GET /api/v1/operations/*",
    "DELETE /api/v1/operations/*",
    "GET /api/v1/operations/*/results",
    "POST /api/v1/operations/*/resume",
    "GET /api/v1/workers",
    "GET /api/v1/checkpoints",
    "GET /api/v1/checkpoints/*",
    "DELETE /api/v1/checkpoints/*",
  ],
  worker: ["GET /api/v1/operations", "GET /api/v1/operations/*", "DELETE /api/v1/operations/*/cancel"],
} as const satisfies Record<Surface, readonly string[]>;

/** A name in a path: unreserved characters and escapes, but no escaped slash, backslash or NUL, and no leading dot. */
const SEGMENT = "(?!\\.|%2[eE])(?:[A-Za-z0-9._~!'()*-]|%(?!2[fF]|5[cC]|00)[0-9A-Fa-f]{2})+";

const patterns = Object.fromEntries(
  Object.entries(ALLOWED).map(([surface, lines]) => [
    surface,
    lines.map((line) => new RegExp(`^${line.replaceAll("*", SEGMENT)}$`)),
  ]),
) as Record<Surface, RegExp[]>;

/** Every endpoint this product may ever call, one `METHOD /path` a line, for documentation and tests. */
export const ALLOWED_ENDPOINTS: Readonly<Record<Surface, readonly string[]>> = ALLOWED;

/** True when `method` and `path` (without query, relative to the surface's base) are on the list. */
export function isAllowed(surface: Surface, method: string, path: string): boolean {
  const line = `${method.toUpperCase()} ${path}`;
  return patterns[surface].some((pattern) => pattern.test(line));
}

/** The line of the list that allows a request, for metrics and traces: it holds no names of strategies or jobs. */
export function endpointOf(surface: Surface, method: string, path: string): string {
  const line = `${method.toUpperCase()} ${path}`;
  const at = patterns[surface].findIndex((pattern) => pattern.test(line));
  return at === -1 ? "unlisted" : `${surface} ${ALLOWED[surface][at] ?? ""}`;
}

/**
 * The last check before a request is sent: origin, base path, method and path. The query is not checked: it cannot make
 * a listed endpoint do something else.
 * @throws DomainError `forbidden_endpoint`
 */
export function assertAllowed(surface: Surface, base: URL, method: string, url: URL): void {
  const root = base.pathname.replace(/\/+$/, "");
  const inside = url.origin === base.origin && url.pathname.startsWith(`${root}/`);
  if (inside && isAllowed(surface, method, url.pathname.slice(root.length))) return;
  throw new DomainError("forbidden_endpoint", {
    what: "This product never sends that request to KTRDR.",
    why: `${method.toUpperCase().slice(0, 10)} ${url.pathname.slice(0, 200)} is not on the list of allowed endpoints.`,
  });
}

/**
 * Encodes a caller's value as one path segment.
 * @throws DomainError `invalid_input` for a value that could leave its segment
 */
export function segment(value: string, meaning: string): string {
  if (value.length > 0 && value.length <= 200 && /^[^./\\][^/\\]*$/.test(value) && isPlainLine(value)) {
    return encodeURIComponent(value);
  }
  throw new DomainError("invalid_input", {
    what: `The ${meaning} cannot be sent to KTRDR.`,
    why: "It is empty, longer than 200 characters, starts with a dot, or holds a slash or a character that is not seen.",
  });
}
