/** Texts of others, so that they are read as what they are: nothing hidden in them, nothing that moves a terminal. */

/**
 * Controls, direction overrides, tags and everything else that is not seen; line breaks and tabs are not meant. What joins
 * letters or chooses how an emoji looks is part of ordinary texts, unless many stand together.
 */
const HIDDEN =
  /(?![\t\n\r]|\u200C|\u200D|\uFE0E|\uFE0F)[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2028\u2029]|(?:\u200C|\u200D|\uFE0E|\uFE0F){3,}/gu;
const ONCE = new RegExp(HIDDEN.source, "u");

/** Whether everything in a text can be seen. */
export const isPlain = (text: string): boolean => text.isWellFormed() && !ONCE.test(text);

/** The text with what is hidden in it shown by its number: ⟨U+202E⟩. */
export const visible = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(HIDDEN, (hidden) =>
      Array.from(hidden, (one) => `⟨U+${(one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`).join(
        "",
      ),
    );

/** For a place that has one line: without line breaks, without what is hidden, at most so many characters. */
export function oneLine(text: string, most: number): string {
  const line = text.toWellFormed().replaceAll(HIDDEN, " ").replaceAll(/\s+/g, " ").trim();
  return line.length <= most ? line : `${line.slice(0, most - 3).toWellFormed()}...`;
}

/** The same for a cell of a table in Markdown: nothing in it is a link, a picture or a line. */
export const markdownCell = (text: string, most: number): string =>
  `\`${oneLine(text, most).replaceAll("`", "'").replaceAll("|", "\\|") || " "}\``;

/** A value whose texts are all `visible`; the same value when they are already. Of plain data, at most as deep as JSON may be. */
export function allVisible<T>(value: T): T {
  const json = JSON.stringify(value);
  if (json === undefined || (isPlain(json) && !ESCAPED.test(json))) return value;
  return JSON.parse(json, (_key, one: unknown) => (typeof one === "string" ? visible(one) : one)) as T;
}

/** What JSON writes as an escape: the controls, and halves of characters. */
const ESCAPED = /\\u(?:00[01]|d[89a-f])/i;
