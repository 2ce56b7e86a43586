import { globSync } from "node:fs";

/** Tests of three kinds. The place of a file decides its kind. What is neither in `FAST` nor in `LAB` is in `parts`. */

const SECONDS_OR_PROCESSES = [
  "test/activities/{batch,campaign-base,evidence,watch}.test.ts",
  "test/domain/comparison-chance.test.ts",
  "test/ktrdr/{holdout-killed,price-files,worker-registration}.test.ts",
  "test/simulation/{long,random}-days.test.ts",
];

/** They start no process, need no set-up and compute little. */
export const FAST: readonly string[] = globSync(
  [
    "test/{activities,charts,domain,ktrdr,simulation}/**/*.test.ts",
    "test/chaos/{machine,proxy}.test.ts",
    "test/docs/**/*.test.ts",
    "test/http/{oauth,page-sessions,work}.test.ts",
    "test/mcp/errors.test.ts",
    "test/research/{health,idle-proof,last-looks,line-difference}.test.ts",
    "test/sandbox/engine/**/*.test.ts",
    "test/store/kept-until-trial.test.ts",
    "test/structure/**/*.test.ts",
    "test/temporal/{executions,live-state}.test.ts",
  ],
  { cwd: new URL("../..", import.meta.url).pathname, exclude: SECONDS_OR_PROCESSES },
);

/** The tests that ask most of PostgreSQL. They run once more on the oldest version that is supported. */
export const ON_OLDEST = "parts-15";
export const OLDEST: readonly string[] = [
  "test/backup/{backup,memory}.test.ts",
  "test/mcp/search-insights.test.ts",
  "test/store/{clean-up,database-error,execution-log,holdouts,job-reader,job-writer,migrate,page-access,registry,research-control}.test.ts",
  "test/store/{outage,session-settings,version}.test.ts",
];

/** They start whole labs. */
export const LAB: readonly string[] = [
  "test/chaos/{chaos,killed-campaign}.test.ts",
  "test/doctor/**/*.test.ts",
  "test/e2e/**/*.test.ts",
  "test/lab/{lab,two-labs}.test.ts",
];
