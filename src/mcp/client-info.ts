import { z } from "zod";
import { oneLine } from "../domain/plain-text.ts";
import type { ClientIdentity } from "./define-tool.ts";
import type { KnownCaller } from "./server.ts";

/** What a client is called that does not say. */
export const UNKNOWN = "unknown";

const ClientInfo = z.object({
  name: z.string().transform((name) => oneLine(name, 200) || UNKNOWN),
  version: z.string().transform((version) => oneLine(version, 100) || UNKNOWN),
});

/** What a client says of itself. */
export function clientIn(claimed: unknown): ClientIdentity {
  const parsed = ClientInfo.safeParse(claimed);
  return parsed.success ? parsed.data : { name: UNKNOWN, version: UNKNOWN };
}

/** As whom the limits count a caller: each by its name; of those without one each by where its calls come from. */
export const countedAs = ({ name, from }: KnownCaller, client: ClientIdentity): string =>
  name ?? (from === undefined ? client.name : `${client.name} ${from}`);
