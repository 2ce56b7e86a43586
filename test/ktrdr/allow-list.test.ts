import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ALLOWED_ENDPOINTS, assertAllowed, isAllowed, segment } from "../../src/ktrdr/allow-list.ts";
import { answering, clientOf, failure } from "./support.ts";

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"];

describe("what is never sent", () => {
  test.each([
    "POST /api/v1/orders",
    "PUT /api/v1/ib/config",
    "GET /api/v1/ib/config",
    "POST /api/v1/ib/cleanup",
    "PATCH /api/v1/operations/op/status",
    "POST /api/v1/operations/op/retry",
    "POST /api/v1/operations/op/metrics",
    "DELETE /api/v1/checkpoints/",
    "DELETE /api/v1/checkpoints",
    "POST /api/v1/checkpoints/cleanup",
    "POST /api/v1/workers/register",
    "POST /api/v1/agent/trigger",
    "POST /api/v1/models/predict",
    "POST /api/v1/operations/op",
    "GET /api/v1/operations/../ib/config",
    "GET /api/v1/operations/%2e%2e",
    "GET /api/v1/operations/a%2Fb",
    "GET /api/v1/operations/a%5cb",
    "GET /api/v1/operations/a/",
    "DELETE /api/v1/operations/",
    "GET /API/V1/HEALTH",
    "GET /metrics",
    "GET /",
  ])("%s", (line) => {
    const [method = "", path = ""] = line.split(" ");
    expect(isAllowed("api", method, path)).toBe(false);
  });

  test("workers get four requests and no more", () => {
    expect(isAllowed("worker", "DELETE", "/api/v1/operations/op/cancel")).toBe(true);
    expect(isAllowed("worker", "POST", "/training/start")).toBe(false);
    expect(isAllowed("worker", "POST", "/backend-shutdown")).toBe(false);
    expect(isAllowed("worker", "DELETE", "/api/v1/operations/op")).toBe(false);
    expect(isAllowed("worker", "GET", "/api/v1/health")).toBe(false);
  });

  test("property: whatever is allowed is a listed line with plain segments in place of the stars", () => {
    const word = fc.oneof(
      fc.constantFrom(
        "api",
        "v1",
        "operations",
        "ib",
        "config",
        "status",
        "retry",
        "resume",
        "data",
        "..",
        ".",
        "",
        "%2e%2e",
      ),
      fc.string({ maxLength: 8 }),
      fc.webSegment(),
    );
    const path = fc.oneof(
      fc.array(word, { maxLength: 7 }).map((parts) => `/${parts.join("/")}`),
      fc.array(word, { maxLength: 4 }).map((parts) => `/api/v1/${parts.join("/")}`),
    );
    fc.assert(
      fc.property(fc.constantFrom(...methods), path, (method, path_) => {
        if (!isAllowed("api", method, path_)) return;
        const parts = path_.split("/");
        const match = ALLOWED_ENDPOINTS.api.find((line) => {
          const [listed, pattern = ""] = line.split(" ");
          const wanted = pattern.split("/");
          return (
            listed === method &&
            wanted.length === parts.length &&
            wanted.every((want, at) => want === "*" || want === parts[at])
          );
        });
        expect(match).toBeDefined();
        // The server gets the path as it is written: no part of it (such as "..") is resolved away.
        expect(new URL(path_, "http://h").pathname).toBe(path_);
      }),
      { numRuns: 2_000 },
    );
  });

  test("property: no method but the listed ones ever passes", () => {
    const listed = ALLOWED_ENDPOINTS.api.map((line) => line.split(" ") as [string, string]);
    for (const [method, pattern] of listed) {
      const path = pattern.replaceAll("*", "x");
      const others = methods.filter(
        (other) => !listed.some(([m, p]) => m === other && p === pattern) && other !== method,
      );
      for (const other of others) {
        const alsoListed = listed.some(
          ([m, p]) => m === other && new RegExp(`^${p.replaceAll("*", "[^/]+")}$`).test(path),
        );
        expect(isAllowed("api", other, path)).toBe(alsoListed);
      }
    }
  });

  test("another origin or a path outside the base is refused whatever it is called", () => {
    const base = new URL("http://ktrdr:8000/prefix");
    const check = (url: string) => () => assertAllowed("api", base, "GET", new URL(url));
    expect(check("http://ktrdr:8000/prefix/api/v1/health")).not.toThrow();
    expect(check("http://evil:8000/prefix/api/v1/health")).toThrow();
    expect(check("https://ktrdr:8000/prefix/api/v1/health")).toThrow();
    expect(check("http://ktrdr:8000/api/v1/health")).toThrow();
    expect(check("http://ktrdr:8000/prefixed/api/v1/health")).toThrow();
  });
});

test("property: a hostile id reaches its own endpoint or nothing", async () => {
  const server = await answering(404, { detail: "Operation not found" });
  const ktrdr = clientOf(server);
  const hostile = fc.oneof(
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.constantFrom(
      "../ib/config",
      "..",
      ".",
      "",
      "a/../../ib",
      "%2e%2e",
      "%2F",
      "a?b=c",
      "a#b",
      "a\\b",
      "a\u0000",
      "op/retry",
    ),
  );
  await fc.assert(
    fc.asyncProperty(hostile, async (id) => {
      server.seen.length = 0;
      const error = await failure(ktrdr.operations.cancel(id, "x"));
      expect(["invalid_input", "ktrdr_not_found"]).toContain(error.code);
      const own = error.code === "invalid_input" ? [] : [`/api/v1/operations/${encodeURIComponent(id)}`];
      expect(server.seen.map(({ path }) => path)).toEqual(own);
    }),
    { numRuns: 150 },
  );
});

test("segment refuses what could leave its place", () => {
  for (const value of ["", ".", "..", ".hidden", "a/b", "a\\b", "a\nb", "x".repeat(201), "\uD800"]) {
    expect(() => segment(value, "thing")).toThrow("The thing cannot be sent to KTRDR.");
  }
  expect(segment("BAD SYMBOL!", "symbol")).toBe("BAD%20SYMBOL!");
});
