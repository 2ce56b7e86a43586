import { hash } from "node:crypto";
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from "jose";
import { oneLine } from "../domain/plain-text.ts";
import { SCOPES, type Scope } from "../domain/identity.ts";

export interface OAuthSettings {
  /** Issuer identifier of the authorization server, exactly as its tokens carry it. */
  readonly issuer: string;
  /** Public address of this server's /mcp, which its tokens must have as audience (RFC 8707, RFC 9728). */
  readonly resource: string;
  readonly jwks: URL;
}

/** The authorization server's scopes are ours with this prefix. */
const SCOPE_PREFIX = "ktrdr:";
export const oauthScope = (scope: Scope): string => SCOPE_PREFIX + scope;

export interface VerifiedToken {
  /** `subject@host-of-the-issuer`; tokens of our file have no `@` in their names. */
  readonly name: string;
  /** Null when the token carries none of our scopes. */
  readonly scope: Scope | null;
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

/** The authorization server's keys cannot be fetched, so the token cannot be judged. */
export class KeysUnavailable extends Error {}
/** Its message is safe to show to whoever presented the token. */
export class TokenRefused extends Error {}

export type VerifyJwt = (token: string) => Promise<VerifiedToken>;

/** Only signatures by a public key. "none" and shared secrets are left out: a forger could use those. */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
/** How far two clocks may be apart. Seconds. */
const CLOCK_TOLERANCE_S = 5;
const KEYS_WITHIN_MS = 5_000;
const MAX_NAME = 150;

/** @returns verifies access tokens; throws TokenRefused or KeysUnavailable. */
export function createJwtVerifier({ issuer, resource, jwks }: OAuthSettings): VerifyJwt {
  const keys = createRemoteJWKSet(jwks, { timeoutDuration: KEYS_WITHIN_MS });
  const host = new URL(issuer).host;
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience: resource,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ["exp"],
      });
      return { name: nameOf(payload, host), scope: scopeOf(payload), expiresAt: payload.exp ?? 0 };
    } catch (error) {
      throw refused(error);
    }
  };
}

/** The error in our own words: the library's may quote claims of the token. */
function refused(error: unknown): Error {
  if (error instanceof TokenRefused) return error;
  if (error instanceof errors.JWTExpired) return new TokenRefused("The token has expired");
  if (error instanceof errors.JWTClaimValidationFailed) {
    return new TokenRefused(
      error.claim === "aud" ? "The token was not issued for this server" : "The token's claims are not acceptable",
    );
  }
  if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) {
    return new KeysUnavailable("the keys of the authorization server cannot be fetched", { cause: error });
  }
  // The library's generic code means that the address of the keys answered with something else.
  if (error.code === "ERR_JOSE_GENERIC") {
    return new KeysUnavailable("the keys of the authorization server cannot be used", { cause: error });
  }
  return new TokenRefused("The token is not valid");
}

/** No two holders share a name: a name that had to be changed or cut gets a part of its hash. */
function nameOf({ sub, client_id: clientId }: JWTPayload, host: string): string {
  const holder = [sub, clientId].find((claim: unknown) => typeof claim === "string" && claim !== "");
  if (typeof holder !== "string") throw new TokenRefused("The token does not say whose it is");
  const printable = oneLine(holder, MAX_NAME).replaceAll(/[ …]/g, "_");
  const digest = hash("sha256", holder).slice(0, 8);
  const plain = printable === holder && !holder.includes("~");
  return `${plain ? holder : `${printable}~${digest}`}@${host}`;
}

/** RFC 9068 has a space-separated `scope`; some authorization servers send a list, or call it `scp`. */
function scopeOf({ scope, scp }: JWTPayload): Scope | null {
  const granted = [scope, scp].flatMap((claim) => {
    if (typeof claim === "string") return claim.split(" ");
    return Array.isArray(claim) ? claim.filter((item) => typeof item === "string") : [];
  });
  return SCOPES.findLast((known) => granted.includes(oauthScope(known))) ?? null;
}
