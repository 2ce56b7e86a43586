import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from "jose";

type Claims = Readonly<Record<string, unknown>>;

/** The part of an authorization server that we need: its keys over HTTP, and tokens that are signed with them. */
export interface AuthorizationServer {
  readonly env: Readonly<Record<string, string>>;
  readonly issuer: string;
  /** A token that is let in, unless a given claim prevents it. A claim that is undefined is left out. */
  token(claims?: Claims): Promise<string>;
  /** Claims of a token that is let in. */
  claims(other?: Claims): JWTPayload;
  /** PEM of the public key. */
  readonly publicKey: string;
  /** A token signed with a key that the server does not publish. */
  foreign(): Promise<string>;
  stop(): Promise<void>;
}

const RESOURCE = "https://research.example.com/mcp";

export async function startAuthorizationServer(): Promise<AuthorizationServer> {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: "one", alg: "ES256", use: "sig" }] };
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "application/json").end(JSON.stringify(keys));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const claims = (other: Claims = {}): JWTPayload => {
    const now = Math.floor(Date.now() / 1_000);
    return {
      iss: issuer,
      aud: RESOURCE,
      sub: "ada",
      scope: "openid ktrdr:research",
      iat: now,
      exp: now + 300,
      ...other,
    };
  };
  const sign = async (key: CryptoKey, payload: JWTPayload) =>
    await new SignJWT(payload).setProtectedHeader({ alg: "ES256", kid: "one" }).sign(key);
  return {
    env: { MCP_OAUTH_ISSUER: issuer, MCP_OAUTH_AUDIENCE: RESOURCE, MCP_OAUTH_JWKS_URL: `${issuer}/jwks` },
    issuer,
    claims,
    token: async (other) => await sign(privateKey, claims(other)),
    publicKey: await exportSPKI(publicKey),
    foreign: async () => await sign((await generateKeyPair("ES256")).privateKey, claims()),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
