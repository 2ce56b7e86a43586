/** An answer of ours to a request that never reaches the protocol: JSON-RPC's shape, so that every client can show it. */
export function refusal(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Response {
  const body = { jsonrpc: "2.0", error: { code: SERVER_ERROR, message }, id: null };
  return Response.json(body, { status, headers });
}

/** JSON-RPC leaves this number to servers; the SDK's own refusals before the protocol carry it too. */
const SERVER_ERROR = -32_000;
