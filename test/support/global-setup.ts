import type { TestProject } from "vitest/node";
import { startSharedPostgres } from "./postgres.ts";

/** Runs once per test run, before any test file. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startSharedPostgres();
  project.provide("postgresUrl", postgres.url("postgres"));
  return () => postgres.remove();
}
