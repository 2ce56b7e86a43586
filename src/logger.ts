import pino, { type Logger } from "pino";
import { ConfigSchema } from "./config.ts";
import { plainJson } from "./domain/plain-text.ts";

export type { Logger };

/** Names of settings whose values must never be logged, from the configuration schema's metadata. */
const secrets = Object.entries(ConfigSchema.shape)
  .filter(([, schema]) => schema.meta()?.["secret"] === true)
  .map(([name]) => name);

/** Writes JSON lines without hidden characters to stderr: stdout belongs to the MCP protocol. */
export function createLogger(name: string, level: string): Logger {
  const stderr = pino.destination({ fd: 2, sync: true });
  return pino(
    { name, level, redact: { paths: secrets.flatMap((secret) => [secret, `*.${secret}`]), censor: "[secret]" } },
    { write: (line: string) => stderr.write(plainJson(line)) },
  );
}
