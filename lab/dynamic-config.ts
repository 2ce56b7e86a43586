import { readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import { z } from "zod";

/** The server's own form: values with constraints; without any, a value is for everybody. */
const DynamicConfig = z.record(
  z.string(),
  z.tuple([z.strictObject({ value: z.union([z.number(), z.boolean(), z.string()]) })]),
);

/**
 * The dynamic configuration of production (temporal-config/dynamic-config.yaml) as arguments of a dev server, which takes
 * no file.
 * @param root folder of the repository
 */
export async function dynamicConfigArguments(root: string): Promise<readonly string[]> {
  const text = await readFile(path.join(root, "temporal-config/dynamic-config.yaml"), "utf8");
  const config = DynamicConfig.parse(parse(text));
  return Object.entries(config).flatMap(([key, [{ value }]]) => [
    "--dynamic-config-value",
    `${key}=${JSON.stringify(value)}`,
  ]);
}
