import { localhostAllowedHostnames, localhostAllowedOrigins } from "@modelcontextprotocol/server";
import type { Config } from "../config.ts";
import { DomainError } from "../domain/errors.ts";
import { isLoopback } from "../machine/loopback.ts";
import type { BearerSettings } from "./bearer.ts";
import type { AllowedNames } from "./guard.ts";
import type { Address } from "./listen.ts";
import type { OAuthSettings } from "./oauth.ts";

export interface HttpSettings extends Address {
  readonly allowed: AllowedNames;
  readonly bearer: BearerSettings;
  /** False: whoever reaches the port counts as the local user. */
  readonly authenticated: boolean;
}

/**
 * The settings of the server. A server that other machines can reach must know its own names and who may call.
 * @param chosen the command line, which wins over the configuration
 * @throws DomainError `invalid_input` saying what is missing
 */
export function httpSettings(
  config: Config,
  chosen: { readonly host?: string | undefined; readonly port?: number | undefined },
): HttpSettings {
  const host = chosen.host ?? config.MCP_HTTP_HOST;
  const oauth = oauthOf(config);
  const tokensFile = config.MCP_TOKENS_FILE ?? null;
  const authenticated = tokensFile !== null || oauth !== null;
  const local = isLoopback(host);
  const hosts = namesIn(config.MCP_HTTP_ALLOWED_HOSTS);
  if (!local && !authenticated) {
    throw new DomainError("invalid_input", {
      what: `Others can reach ${host}, so this server must know who calls before it listens there.`,
      next: "Set MCP_TOKENS_FILE (`bin/ktrdr-mcp token new` makes one) or MCP_OAUTH_ISSUER, or leave out --host to serve this machine only; docs/http.md.",
    });
  }
  if (!local && hosts.length === 0) {
    throw new DomainError("invalid_input", {
      what: `Others can reach ${host}, so this server must know the names it is called by.`,
      why: "without them, any web page could reach it through a name that points here",
      next: "Set MCP_HTTP_ALLOWED_HOSTS to the host names in its clients' addresses, separated by commas.",
    });
  }
  const localHosts = local ? localhostAllowedHostnames() : [];
  const localOrigins = local ? localhostAllowedOrigins() : [];
  return {
    host,
    port: chosen.port ?? config.MCP_HTTP_PORT,
    requestTimeoutMs: config.MCP_HTTP_REQUEST_TIMEOUT_MS,
    allowed: {
      hosts: [...localHosts, ...hosts],
      origins: [...localOrigins, ...namesIn(config.MCP_HTTP_ALLOWED_ORIGINS)],
    },
    bearer: { tokensFile, oauth },
    authenticated,
  };
}

function oauthOf(config: Config): OAuthSettings | null {
  const { MCP_OAUTH_ISSUER: issuer, MCP_OAUTH_AUDIENCE: resource, MCP_OAUTH_JWKS_URL: jwks } = config;
  if (issuer === undefined && resource === undefined && jwks === undefined) return null;
  if (issuer === undefined || resource === undefined || jwks === undefined) {
    throw new DomainError("invalid_input", {
      what: "OAuth needs all three: MCP_OAUTH_ISSUER, MCP_OAUTH_AUDIENCE and MCP_OAUTH_JWKS_URL.",
      next: "Set the missing ones, or none of them; docs/http.md.",
    });
  }
  return { issuer, resource, jwks: new URL(jwks) };
}

const namesIn = (list: string): string[] =>
  list
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");
