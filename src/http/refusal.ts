/** Our answer to a request that does not reach the protocol. It has JSON-RPC's form, which every client can show. */
export function refusal(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Response {
  const body = { jsonrpc: "2.0", error: { code: SERVER_ERROR, message }, id: null };
  return Response.json(body, { status, headers });
}

/** JSON-RPC leaves this number to servers; the SDK's own refusals use it too. */
const SERVER_ERROR = -32_000;
