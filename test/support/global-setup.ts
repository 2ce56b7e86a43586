import type { TestProject } from "vitest/node";
import { startSharedPostgres } from "./postgres.ts";
import { ON_OLDEST } from "./kinds.ts";

/**
 * Runs before any test file, once for every kind of tests that needs servers. The first kind on the newest PostgreSQL
 * starts it for the whole run. The tests on the oldest one have their own.
 */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const oldest = project.name === ON_OLDEST;
  const run = oldest ? project : project.vitest.getRootProject();
  if (!oldest && "postgresUrl" in run.getProvidedContext()) return undefined;
  const postgres = await startSharedPostgres(oldest ? "oldest" : "newest");
  run.provide("postgresVersion", oldest ? "oldest" : "newest");
  run.provide("postgresUrl", postgres.url("postgres"));
  return () => postgres.remove();
}
