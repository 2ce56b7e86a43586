import { expect, test } from "vitest";
import { jobInWebUi, jobsInWebUi } from "../../src/domain/web-ui.ts";

test.each(["http://127.0.0.1:8233", "http://127.0.0.1:8233/"])("addresses at %s show jobs, not machinery", (ui) => {
  expect(jobsInWebUi(ui, "a b")).toBe(
    "http://127.0.0.1:8233/namespaces/a%20b/workflows?query=KtrdrKind%20IS%20NOT%20NULL",
  );
  expect(jobInWebUi(ui, "a b", "train-x/1")).toBe("http://127.0.0.1:8233/namespaces/a%20b/workflows/train-x%2F1");
});
