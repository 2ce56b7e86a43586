/**
 * Texts of others, so that they are read as what they are: nothing hidden in them, nothing that moves a terminal. The only
 * place that knows which characters those are; every way out of this program passes here.
 */

/**
 * Controls, direction overrides, tags and everything else that is not seen; line breaks and tabs are not meant. What joins
 * letters or chooses how an emoji looks is part of ordinary texts, unless many stand together.
 */
const HIDDEN =
  /(?![\t\n\r]|\u200C|\u200D|\uFE0E|\uFE0F)[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2028\u2029]|(?:\u200C|\u200D|\uFE0E|\uFE0F){3,}/gu;
const ONCE = new RegExp(HIDDEN.source, "u");
const BREAK = /[\t\n\r]/;

/** Whether everything in a text can be seen. */
export const isPlain = (text: string): boolean => text.isWellFormed() && !ONCE.test(text);

/** Whether a text is that, and one line without tabs. */
export const isPlainLine = (text: string): boolean => isPlain(text) && !BREAK.test(text);

const numbered = (hidden: string): string =>
  Array.from(hidden, (one) => `⟨U+${(one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`).join("");

/** The text with what is hidden in it shown by its number: ⟨U+202E⟩. */
export const visible = (text: string): string => text.toWellFormed().replaceAll(HIDDEN, numbered);

/** The same for a terminal, where a carriage return would write over what stands before it. */
export const forTerminal = (text: string): string =>
  visible(text.replaceAll("\r\n", "\n")).replaceAll("\r", () => numbered("\r"));

/** For a place that has one line: without line breaks, without what is hidden, at most so many characters. */
export function oneLine(text: string, most = 300): string {
  // Cut first: a megabyte of foreign text must not pass through the patterns. Cleaning only ever shortens.
  const beginning = text.slice(0, most * 4);
  const line = beginning.toWellFormed().replaceAll(HIDDEN, " ").replaceAll(/\s+/g, " ").trim();
  const whole = line.length <= most && beginning.length === text.length;
  return whole ? line : `${line.slice(0, most - 1).toWellFormed()}…`;
}

/** The same for a cell of a table in Markdown: nothing in it is a link, a picture or a line. */
export const markdownCell = (text: string, most: number): string =>
  `\`${oneLine(text, most).replaceAll("`", "'").replaceAll("|", "\\|") || " "}\``;

/** A value whose texts and names are all `visible`; the same value when they are already. Of plain data, at most as deep as JSON may be. */
export function allVisible<T>(value: T): T {
  const json = JSON.stringify(value);
  if (json === undefined || (isPlain(json) && !ESCAPED.test(json))) return value;
  return JSON.parse(json, (_key, one: unknown) => {
    if (typeof one === "string") return visible(one);
    if (typeof one !== "object" || one === null || Array.isArray(one)) return one;
    return Object.fromEntries(Object.entries(one).map(([name, inner]) => [visible(name), inner]));
  }) as T;
}

/** What JSON writes as an escape: the controls, and halves of characters. */
const ESCAPED = /\\u(?:00[01]|d[89a-f])/i;

/** The same JSON, saying the same, with what is hidden in it written as escapes. */
export const plainJson = (json: string): string =>
  json.replaceAll(HIDDEN, (hidden) =>
    Array.from({ length: hidden.length }, (_, at) => `\\u${hidden.charCodeAt(at).toString(16).padStart(4, "0")}`).join(
      "",
    ),
  );
