import { describe, expect, test } from "vitest";
import { allVisible, isPlain, markdownCode, oneLine, visible } from "../../src/domain/plain-text.ts";

const HOSTILE = [
  ["a direction override", "a\u202Eb"],
  ["an isolate", "a\u2066b"],
  ["letters of the tag block", "a\u{E0041}\u{E0042}b"],
  ["selectors that carry bytes", "a\u{E0100}\u{E01EF}b"],
  ["a zero width space", "a\u200Bb"],
  ["a word joiner", "a\u2060b"],
  ["a byte order mark", "a\uFEFFb"],
  ["a soft hyphen", "a\u00ADb"],
  ["a filler that looks like nothing", "a\u3164b"],
  ["bits told by joiners", "a\u200C\u200D\u200C\u200Db"],
  ["an escape sequence", "a\u001B[2Jb"],
  ["a control of one byte", "a\u009B2Jb"],
  ["a bell", "a\u0007b"],
  ["NUL", "a\u0000b"],
  ["half a character", "a\uD800b"],
  ["a line separator", "a\u2028b"],
] as const;

describe.each(HOSTILE)("%s", (_what, text) => {
  test("is not plain, is shown, and stays out of one line", () => {
    expect(isPlain(text)).toBe(false);
    expect(isPlain(visible(text))).toBe(true);
    expect(visible(text)).toMatch(/^a.+b$/);
    expect(isPlain(oneLine(text, 100))).toBe(true);
    expect(isPlain(markdownCode(text, 100))).toBe(true);
    const shown = allVisible({ [`k`]: [{ text }] });
    expect(isPlain(shown.k[0]?.text ?? "")).toBe(true);
  });
});

test.each(["Gewinn 3 %, “quoted”\n\tsecond line", "日本語 한국어 العربية हिन्दी", "می‌خواهم", "👩‍❤️‍👨 ✔️", "naïve café"])(
  "%s is plain, and given back as it is",
  (text) => {
    expect(isPlain(text)).toBe(true);
    const value = { text };
    expect(allVisible(value)).toBe(value);
  },
);

test.each([
  "[click](javascript:alert(1))",
  "![x](https://evil.example/p.png)",
  "<img src=x onerror=alert(1)>",
  "`code` | https://evil.example",
  "a\n# heading\n| x | y |",
  // A backslash before a stroke escapes it for some readers of tables only.
  "![x](https://evil.example/p.png)\\|",
  "<img src=x>\\\\| <b>",
])("%s is code, in a table and beside one, and nothing in it is Markdown", (text) => {
  expect(markdownCode(text, 300)).toMatch(/^`[^`|\n]+`$/);
});
