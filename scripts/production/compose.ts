/** docker-compose.yml as Compose reads it: anchors merged, variables replaced. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { z } from "zod";

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const Service = z.looseObject({
  image: z.string(),
  build: z.looseObject({ target: z.string() }).optional(),
  profiles: z.array(z.string()).default([]),
  command: z.array(text).default([]),
  entrypoint: z.array(text).optional(),
  environment: z.record(z.string(), text).default({}),
  env_file: z.array(z.strictObject({ path: z.string(), required: z.boolean() })).default([]),
  user: z.string().optional(),
  restart: z.string().optional(),
  read_only: z.boolean().default(false),
  cap_drop: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  networks: z.array(z.string()).default([]),
  secrets: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.looseObject({ condition: z.string() })).default({}),
  healthcheck: z.looseObject({ test: z.array(text).optional(), disable: z.boolean().optional() }).optional(),
  deploy: z
    .looseObject({ resources: z.looseObject({ limits: z.looseObject({ cpus: text, memory: text }) }) })
    .optional(),
});
export type Service = z.infer<typeof Service>;

const Compose = z.looseObject({
  services: z.record(z.string(), Service),
  networks: z.record(z.string(), z.unknown()),
  volumes: z.record(z.string(), z.unknown()),
  secrets: z.record(z.string(), z.looseObject({ file: z.string() })),
});
export type Compose = z.infer<typeof Compose>;

/** Replaces `${NAME}` and `${NAME:-default}`; `$$` is a dollar. */
function interpolate(content: string, env: Readonly<Record<string, string>>): string {
  return content.replaceAll(/\$\$|\$\{([A-Z_]+)(?::-([^}]*))?\}/g, (whole, name?: string, fallback?: string) => {
    if (name === undefined) return "$";
    const value = env[name] ?? fallback;
    if (value === undefined) throw new Error(`${whole} has no value and no default`);
    return value;
  });
}

/**
 * @param content of the file
 * @param env values of its variables; without any, its defaults
 */
export function readCompose(content: string, env: Readonly<Record<string, string>> = {}): Compose {
  return Compose.parse(documentOf(content, env));
}

const documentOf = (content: string, env: Readonly<Record<string, string>>): unknown =>
  parse(interpolate(content, env), { merge: true });

/** What the schema of the Compose Specification objects to; empty when the file is valid. */
export async function schemaComplaints(content: string): Promise<readonly string[]> {
  const file = path.join(import.meta.dirname, "compose-spec/schema.json");
  const schema = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
  // Of the version of compose-go that compose-reader/go.mod names. The schema's formats ("ports", "duration") are Compose's own. The checks against the code look at those.
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  const validate = ajv.compile(schema);
  validate(documentOf(content, {}));
  return (validate.errors ?? []).map(({ instancePath, message }) => `schema: ${instancePath} ${message}`);
}
