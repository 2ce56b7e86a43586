import { randomBytes } from "node:crypto";
import { access, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { succeeds } from "../src/succeeds.ts";
import type { LabSettings, Replaced } from "./lab-settings.ts";
import { configuredNamespace } from "./temporal-connection.ts";
import { TEMPORAL_DATABASE } from "./temporal-server.ts";

/**
 * The Temporal namespace of a lab. Its name is made once for the folder and kept there, so that a process of another
 * lab which reaches this one's address finds no work. A namespace that the environment names, or that is configured for
 * a Temporal server of the user's, is used as it is.
 */
export async function labNamespace(dir: string, { env, config }: LabSettings, replaced: Replaced): Promise<string> {
  if ((env["TEMPORAL_NAMESPACE"] ?? "") !== "") return config.TEMPORAL_NAMESPACE;
  if (replaced.temporal) return configuredNamespace(env, config.TEMPORAL_NAMESPACE);
  const file = path.join(dir, "namespace");
  const known = await readFile(file, "utf8").catch(() => "");
  if (known.trim() !== "") return known.trim();
  // Jobs of a folder from before labs had namespaces run in the server's default one.
  const older = await succeeds(access(path.join(dir, TEMPORAL_DATABASE)));
  const namespace = older ? config.TEMPORAL_NAMESPACE : namespaceFor(dir);
  await writeFile(`${file}.new`, `${namespace}\n`);
  await rename(`${file}.new`, file);
  return namespace;
}

const LONGEST_NAME = 40;

/** `lab-<folder>-<random>`: tells whose it is, and is unique. For `.lab`, the folder is the one above. */
function namespaceFor(dir: string): string {
  const folder = path.basename(dir) === ".lab" ? path.basename(path.dirname(dir)) : path.basename(dir);
  const name = folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "")
    .slice(0, LONGEST_NAME);
  return ["lab", name, randomBytes(4).toString("hex")].filter((part) => part !== "").join("-");
}
