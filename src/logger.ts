import pino, { type Logger } from "pino";
import { ConfigSchema } from "./config.ts";

export type { Logger };

/** Names of settings whose values must never be logged, taken from the configuration schema's own metadata. */
const secrets = Object.entries(ConfigSchema.shape)
  .filter(([, schema]) => schema.meta()?.["secret"] === true)
  .map(([name]) => name);

/** JSON lines on stderr: stdout belongs to the MCP protocol. */
export function createLogger(name: string, level: string): Logger {
  return pino(
    { name, level, redact: { paths: secrets.flatMap((secret) => [secret, `*.${secret}`]), censor: "[secret]" } },
    pino.destination({ fd: 2, sync: true }),
  );
}
