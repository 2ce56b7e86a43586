import { hash } from "node:crypto";
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from "jose";
import { oneLine } from "../domain/plain-text.ts";
import { SCOPES, type Scope } from "../domain/identity.ts";

export interface OAuthSettings {
  /** Issuer identifier of the authorization server, exactly as its tokens carry it. */
  readonly issuer: string;
  /** Public address of this server's /mcp: what tokens for it carry as audience (RFC 8707, RFC 9728). */
  readonly resource: string;
  readonly jwks: URL;
}

/** Scopes as the authorization server knows them; a wider one includes the narrower ones. */
const SCOPE_PREFIX = "ktrdr:";
export const oauthScope = (scope: Scope): string => SCOPE_PREFIX + scope;

export interface VerifiedToken {
  /** `subject@host-of-the-issuer`: never the name of a token of ours. */
  readonly name: string;
  /** Null when the token carries none of our scopes. */
  readonly scope: Scope | null;
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

/** The authorization server's keys cannot be had: nothing is said about the token. */
export class KeysUnavailable extends Error {}
/** Safe to tell whoever presented the token. */
export class TokenRefused extends Error {}

export type VerifyJwt = (token: string) => Promise<VerifiedToken>;

/** Signatures by a public key only: "none" and a public key misused as a shared secret are not among them. */
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

/** Our words: the library's may quote the token's own claims. */
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
  // The library says so, without a code of its own, when the key set answers with anything but a key set.
  if (error.code === "ERR_JOSE_GENERIC") {
    return new KeysUnavailable("the keys of the authorization server cannot be used", { cause: error });
  }
  return new TokenRefused("The token is not valid");
}

/** No two holders have one name: one that had to be changed for it carries a part of its hash. */
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
