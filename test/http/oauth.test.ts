/** The name of an access token's holder. Which tokens are let in is tested over HTTP (identity.test.ts). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createJwtVerifier, TokenRefused, type VerifyJwt } from "../../src/http/oauth.ts";
import { startAuthorizationServer, type AuthorizationServer } from "../support/authorization-server.ts";

let server: AuthorizationServer;
let verify: VerifyJwt;

beforeAll(async () => {
  server = await startAuthorizationServer();
  const { MCP_OAUTH_AUDIENCE: resource = "", MCP_OAUTH_JWKS_URL: jwks = "" } = server.env;
  verify = createJwtVerifier({ issuer: server.issuer, resource, jwks: new URL(jwks) });
});
afterAll(() => server.stop());

const nameOf = async (claims: Readonly<Record<string, unknown>>) =>
  (await verify(await server.token(claims))).name.split("@").at(0);

test.each([
  ["its subject", { sub: "ada", client_id: "claude" }, "ada"],
  ["its client, where it has none", { sub: undefined, client_id: "claude" }, "claude"],
  ["its client, where it is empty", { sub: "", client_id: "claude" }, "claude"],
])("is %s", async (_name, claims, name) => {
  expect(await nameOf(claims)).toBe(name);
});

test("is nobody else's, although it is printable and of bounded length", async () => {
  const long = "x".repeat(150);
  const names = await Promise.all(
    ["a_b", "a b", "a\nb", "a\u202eb", "a\u{e0041}b", "a\u3164b", "a_b~", long, `${long}1`, `${long}2`].map((sub) =>
      nameOf({ sub }),
    ),
  );
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[\w~]{1,159}$/);
  // Nobody can choose another's name: a name that looks like an already changed one is changed, too.
  expect(await nameOf({ sub: names[1] })).not.toBe(names[1]);
});

test.each([
  ["no subject and no client", { sub: undefined }],
  ["a number for a subject", { sub: 7 }],
  ["an empty one", { sub: "" }],
])("a token with %s is refused", async (_name, claims) => {
  await expect(nameOf(claims)).rejects.toThrow(TokenRefused);
});
