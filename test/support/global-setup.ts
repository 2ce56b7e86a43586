import type { TestProject } from "vitest/node";
import { startSharedPostgres } from "./postgres.ts";
import { ON_OLDEST } from "./kinds.ts";

/**
 * Before any test file, by every kind of tests that needs servers. The first of those on the newest PostgreSQL starts it, for
 * all of the run; the tests on the oldest have their own.
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
