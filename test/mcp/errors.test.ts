import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { DomainError, ERROR_CODES } from "../../src/domain/errors.ts";
import { toolErrorText, toToolError } from "../../src/mcp/errors.ts";
import { inputError } from "../../src/mcp/input-error.ts";
import { createLogger } from "../../src/logger.ts";

const log = createLogger("test", "silent");

describe("toolErrorText", () => {
  test("what, why, valid values and the next call, in one line", () => {
    const error = new DomainError("model_not_found", {
      what: "There is no model m",
      why: "it was removed",
      valid: ["a", "b"],
      next: "list_models",
    });
    expect(toolErrorText(error)).toBe(
      "[model_not_found -32602] There is no model m. Why: it was removed. Valid: a, b. Next: list_models.",
    );
  });

  test("a part that is down says what its reader can do: to wait, then to tell the user what has to run", () => {
    for (const code of ERROR_CODES.filter((name) => name.endsWith("_unavailable"))) {
      const text = toolErrorText(new DomainError(code, { what: "Down." }));
      expect(text).toMatch(
        /Next: (wait half a minute .* tell the user: .*[A-Z]+_(URL|ADDRESS)|.*KTRDR_STRATEGIES_DIR)/,
      );
      expect(text).not.toContain("make lab");
    }
    const mending = new DomainError("database_unavailable", { what: "Refused.", next: "Grant it." });
    expect(toolErrorText(mending)).toMatch(/Next: wait .* tell the user: Grant it\.$/);
  });

  test("however long its parts, it stays below 2,000 characters and keeps the next call", () => {
    const long = "x".repeat(5_000);
    const valid = Array.from({ length: 500 }, (_, index) => `value-${index}`);
    const text = toolErrorText(
      new DomainError("invalid_input", { what: long, why: long, valid, next: "the next call" }),
    );
    expect(text.length).toBeLessThan(2_000);
    expect(text).toMatch(/Next: the next call\.$/);
    expect(text).toMatch(/and \d+ more/);
  });

  test("no line breaks, control or direction characters, no absolute paths, whatever is put in", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (what, why) => {
        const secret = "/home/someone/project/src/file.ts";
        const text = toolErrorText(
          new DomainError("invalid_input", { what: `${what} ${secret}`, why: `${why} ${secret}:3` }),
        );
        expect(text).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
        expect(text).not.toContain("/home/");
        expect(text.isWellFormed()).toBe(true);
        expect(text.length).toBeLessThan(2_000);
      }),
    );
  });
});

describe("toToolError", () => {
  test("an unexpected exception becomes an incident whose details only the log has", () => {
    const error = vi.spyOn(log, "error");
    const told = toToolError(new TypeError("cannot read secret of undefined"), "train_model", log);
    expect(told).toMatchObject({ code: "internal", number: -32603 });
    expect(told.text).not.toMatch(/secret|TypeError|\bat \S+:\d/);
    const incident = /incident ([0-9a-f]{8})/.exec(told.text)?.[1];
    expect(error).toHaveBeenCalledWith(expect.objectContaining({ incident, tool: "train_model" }), expect.any(String));
  });
});

describe("inputError", () => {
  const schema = z.strictObject({
    name: z.string(),
    mode: z.enum(["a", "b"]).default("a"),
    n: z.number().max(5).optional(),
  });
  const told = (args: unknown) => {
    const parsed = schema.safeParse(args);
    if (parsed.success) throw new Error("the arguments should be wrong");
    return toolErrorText(inputError("some_tool", schema, parsed.error, args));
  };

  test.each([
    [{}, "name is missing (string wanted)"],
    [{ name: 1 }, "name must be a string, not 1"],
    [{ name: "x", mode: "c" }, 'mode must be one of a, b, not "c"'],
    [{ name: "x", n: 9 }, "n: at most 5 (given 9)"],
    [{ name: "x", nme: 1 }, 'unknown argument "nme"'],
    [null, "the arguments must be an object"],
  ])("%j", (args, why) => {
    expect(told(args)).toContain(why);
    expect(told(args)).toContain("Valid: name, mode?, n?.");
  });
});
