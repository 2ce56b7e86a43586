import type { TestProject } from "vitest/node";
import { startSharedPostgres } from "./postgres.ts";

/** Before any test file, by every kind of tests that needs servers; the first starts them, for all of the run. */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const run = project.vitest.getRootProject();
  if ("postgresUrl" in run.getProvidedContext()) return undefined;
  const postgres = await startSharedPostgres();
  run.provide("postgresUrl", postgres.url("postgres"));
  return () => postgres.remove();
}
