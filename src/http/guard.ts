import {
  hostHeaderValidationResponse,
  originValidationResponse,
  validateHostHeader,
  validateOriginHeader,
} from "@modelcontextprotocol/server";
import type { MiddlewareHandler } from "hono";

export interface AllowedNames {
  /** Host names (no ports) that requests may be addressed to; IPv6 in brackets. */
  readonly hosts: readonly string[];
  /** Host names of the web pages that may call. Programs send no Origin and are not concerned. */
  readonly origins: readonly string[];
}

/**
 * Refuses (403) what a web page could make a browser send here: requests with a foreign Origin, or with a Host that
 * shows DNS rebinding.
 */
export function guard({ hosts, origins }: AllowedNames): MiddlewareHandler {
  return async ({ req }, next) => {
    const refusal =
      hostHeaderValidationResponse(req.raw, [...hosts]) ?? originValidationResponse(req.raw, [...origins]);
    if (refusal !== undefined) return refusal;
    return await next();
  };
}

/**
 * Whether a request for the page comes from nobody else's page. The origins that may call do not count here: what they
 * may call asks for a token, and the page knows its reader by a cookie.
 */
export function comesFromHere({ hosts }: AllowedNames, { headers }: Request): boolean {
  const host = validateHostHeader(headers.get("host"), [...hosts]);
  return host.ok && validateOriginHeader(headers.get("origin"), [host.hostname]).ok;
}
