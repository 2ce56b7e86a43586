import { hostHeaderValidationResponse, originValidationResponse } from "@modelcontextprotocol/server";
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
