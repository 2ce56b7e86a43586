/**
 * Makes texts of others safe to show: nothing in them is hidden or moves a terminal. Only this module knows which
 * characters do that, and every text that leaves this program passes through it.
 */

/**
 * Control characters, direction overrides, tag characters and all others that are invisible, except line breaks and
 * tabs. Joiners and variation selectors occur in ordinary texts: they count only when many stand together.
 */
const HIDDEN =
  /(?![\t\n\r]|\u200C|\u200D|\uFE0E|\uFE0F)[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2028\u2029]|(?:\u200C|\u200D|\uFE0E|\uFE0F){3,}/gu;
const ONCE = new RegExp(HIDDEN.source, "u");
const BREAK = /[\t\n\r]/;

/** Whether every character of a text is visible. */
export const isPlain = (text: string): boolean => text.isWellFormed() && !ONCE.test(text);

/** Whether a text is plain, and one line without tabs. */
export const isPlainLine = (text: string): boolean => isPlain(text) && !BREAK.test(text);

const numbered = (hidden: string): string =>
  Array.from(hidden, (one) => `⟨U+${(one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`).join("");

/** The text with each hidden character shown by its number: ⟨U+202E⟩. */
export const visible = (text: string): string => text.toWellFormed().replaceAll(HIDDEN, numbered);

/** The visible text for a terminal: carriage returns, which would overwrite a line, are shown too. */
export const forTerminal = (text: string): string =>
  visible(text.replaceAll("\r\n", "\n")).replaceAll("\r", () => numbered("\r"));

/** A text as one line without hidden characters, at most so many characters long. */
export function oneLine(text: string, most = 300): string {
  // Cut before cleaning, so that the patterns never run on a megabyte. Cleaning only shortens.
  const beginning = text.slice(0, most * 4);
  const line = beginning.toWellFormed().replaceAll(HIDDEN, " ").replaceAll(/\s+/g, " ").trim();
  const whole = line.length <= most && beginning.length === text.length;
  return whole ? line : `${line.slice(0, most - 1).toWellFormed()}…`;
}

/**
 * One line of others in Markdown, as code: no link, picture, tag or new line begins in it. A backtick would end the code,
 * and a stroke may end the cell of a table: both are shown as their likes.
 */
export const markdownCode = (text: string, most: number): string =>
  `\`${oneLine(text, most).replaceAll("`", "'").replaceAll("|", "¦") || " "}\``;

/** Plain data with all its texts and names `visible`; the same value when they are already. */
export function allVisible<T>(value: T): T {
  const json = JSON.stringify(value);
  if (json === undefined || (isPlain(json) && !ESCAPED.test(json))) return value;
  return JSON.parse(json, (_key, one: unknown) => {
    if (typeof one === "string") return visible(one);
    if (typeof one !== "object" || one === null || Array.isArray(one)) return one;
    return Object.fromEntries(Object.entries(one).map(([name, inner]) => [visible(name), inner]));
  }) as T;
}

/** What JSON itself escapes: control characters, and halves of surrogate pairs. */
const ESCAPED = /\\u(?:00[01]|d[89a-f])/i;

/** Equal JSON, with hidden characters written as escapes. */
export const plainJson = (json: string): string =>
  json.replaceAll(HIDDEN, (hidden) =>
    Array.from({ length: hidden.length }, (_, at) => `\\u${hidden.charCodeAt(at).toString(16).padStart(4, "0")}`).join(
      "",
    ),
  );
