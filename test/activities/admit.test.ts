import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { admitActivities } from "../../src/activities/admit.ts";
import type { ActivityDeps } from "../../src/activities/deps.ts";
import { inputOf, TRAINING } from "../support/job-inputs.ts";

/** The text that is kept for a training whose file holds `text` by now. */
async function keptOf(text: string): Promise<string | null> {
  let kept: string | null = null;
  const deps = {
    jobs: {
      admit: async (_input: unknown, given: string | null) => {
        kept = given;
        return { finished: null };
      },
    },
    strategies: { read: async () => ({ text, sha256: hash("sha256", Buffer.from(text)) }) },
    executions: { namespaceId: async () => "namespace", of: async () => "open" },
  } as unknown as ActivityDeps;
  const request = { ...TRAINING, strategySha256: hash("sha256", Buffer.from("asked for")) };
  await admitActivities(deps).admitJob(inputOf("train-a", request), 1);
  return kept;
}

test("a job keeps the text that was asked for, and none when the file was changed since", async () => {
  expect(await keptOf("asked for")).toBe("asked for");
  expect(await keptOf("written over")).toBeNull();
});
