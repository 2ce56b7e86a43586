import { z } from "zod";
import { oneLine } from "../domain/plain-text.ts";
import type { ClientIdentity } from "./define-tool.ts";
import type { KnownCaller } from "./server-parts.ts";

/** The name of a client that gives none. */
export const UNKNOWN = "unknown";

const ClientInfo = z.object({
  name: z.string().transform((name) => oneLine(name, 200) || UNKNOWN),
  version: z.string().transform((version) => oneLine(version, 100) || UNKNOWN),
});

/** Name and version as the client gives them. */
export function clientIn(claimed: unknown): ClientIdentity {
  const parsed = ClientInfo.safeParse(claimed);
  return parsed.success ? parsed.data : { name: UNKNOWN, version: UNKNOWN };
}

/** The key under which the limits count a caller: its name, else where its calls come from. */
export const countedAs = ({ name, from }: KnownCaller, client: ClientIdentity): string =>
  name ?? (from === undefined ? client.name : `${client.name} ${from}`);
