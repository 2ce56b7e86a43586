import {
  bearerAuthChallengeResponse,
  getOAuthProtectedResourceMetadataUrl,
  OAuthError,
  OAuthErrorCode,
  verifyBearerToken,
  type AuthInfo,
} from "@modelcontextprotocol/server";
import { SCOPES, type Identity } from "../domain/identity.ts";
import type { Logger } from "../logger.ts";
import type { KnownCaller } from "../mcp/server-parts.ts";
import { createJwtVerifier, oauthScope, TokenRefused, type OAuthSettings } from "./oauth.ts";
import { refusal } from "./refusal.ts";
import { createTokenBook, TOKEN_PREFIX } from "./token-file.ts";

export interface BearerSettings {
  readonly tokensFile: string | null;
  readonly oauth: OAuthSettings | null;
}

/** The caller, or the answer that refuses them. */
export type Authenticate = (request: Request) => Promise<KnownCaller | Response>;

interface Holder {
  readonly identity: Identity;
  readonly expiresAt: number;
}

type Recognise = (token: string) => Promise<Holder | null>;

/** Accepts tokens of our file and of the authorization server. The tokens themselves are passed on to nobody. */
export function createAuthenticate(settings: BearerSettings, log: Logger): Authenticate {
  const byFile = settings.tokensFile === null ? nobody : fromFile(settings.tokensFile);
  const byServer = settings.oauth === null ? nobody : fromServer(settings.oauth);
  const challenge = {
    requiredScopes: [oauthScope(SCOPES[0])],
    ...(settings.oauth === null
      ? {}
      : { resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(new URL(settings.oauth.resource)) }),
  };
  return async (request) => {
    const found: { identity?: Identity } = {};
    const verifyAccessToken = async (token: string): Promise<AuthInfo> => {
      const holder = await (token.startsWith(TOKEN_PREFIX) ? byFile : byServer)(token);
      if (holder === null) throw new OAuthError(OAuthErrorCode.InvalidToken, "The token is not valid");
      found.identity = holder.identity;
      return { token: "", clientId: holder.identity.name, scopes: [], expiresAt: holder.expiresAt };
    };
    try {
      await verifyBearerToken(request.headers.get("authorization"), { verifier: { verifyAccessToken } });
      if (found.identity !== undefined) return found.identity;
      throw new Error("a token was accepted without a holder");
    } catch (error) {
      return answerTo(error, challenge, log);
    }
  };
}

function answerTo(error: unknown, challenge: Parameters<typeof bearerAuthChallengeResponse>[1], log: Logger): Response {
  if (error instanceof OAuthError) {
    log.debug({ reason: error.message }, "a request was refused");
    return bearerAuthChallengeResponse(error, challenge);
  }
  log.error({ err: error }, "tokens cannot be checked");
  return refusal(503, "Tokens cannot be checked for now; the server's log says why.", { "retry-after": "5" });
}

const nobody: Recognise = async () => null;

function fromFile(path: string): Recognise {
  const book = createTokenBook(path);
  return async (token) => {
    const entry = await book.find(token);
    if (entry === null) return null;
    return {
      identity: { name: entry.name, scope: entry.scope, source: "token" },
      expiresAt: Math.floor(Date.parse(entry.expires) / 1_000),
    };
  };
}

function fromServer(settings: OAuthSettings): Recognise {
  const verify = createJwtVerifier(settings);
  return async (token) => {
    const { name, scope, expiresAt } = await verify(token).catch((error: unknown) => {
      if (error instanceof TokenRefused) throw new OAuthError(OAuthErrorCode.InvalidToken, error.message);
      throw error;
    });
    if (scope === null) throw new OAuthError(OAuthErrorCode.InsufficientScope, "The token has no scope of this server");
    return { identity: { name, scope, source: "oauth" }, expiresAt };
  };
}

/** The metadata (RFC 9728) that tells clients which authorization server gives tokens for this server. */
export function protectedResource({ issuer, resource }: OAuthSettings) {
  return {
    path: new URL(getOAuthProtectedResourceMetadataUrl(new URL(resource))).pathname,
    document: {
      resource,
      authorization_servers: [issuer],
      scopes_supported: SCOPES.map(oauthScope),
      bearer_methods_supported: ["header"],
      resource_name: "KTRDR research",
    },
  };
}
