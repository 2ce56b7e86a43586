import { once } from "node:events";
import type { Server } from "node:http";
import { DomainError } from "./domain/errors.ts";

/**
 * Has a server listen on an address.
 * @param next what to do when it cannot be listened on
 * @returns the port, also where any free one was asked for with 0
 * @throws DomainError `invalid_input` when the address cannot be used
 */
export async function listening(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
  next: string,
): Promise<number> {
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    throw new DomainError("invalid_input", { what: `${host}:${port} cannot be listened on (${code}).`, next, cause });
  }
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("not listening on a port");
  return bound.port;
}
