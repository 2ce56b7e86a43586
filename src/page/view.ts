/**
 * What a page shows, before it has a form: the same view is written as HTML and as plain text. Texts in it may come from
 * anybody; whoever writes a view out makes them harmless (`html.ts`, `text.ts`).
 */

export interface Link {
  readonly text: string;
  /** A path of this page, or an address that the operator configured. Never a text of others. */
  readonly href: string;
}

/** A text, with links in it. */
export type Line = string | Link | readonly (string | Link)[];

/** How a reader should take it: `good` may be believed, `bad` went wrong, `doubt` means less than it seems. */
export type Tone = "good" | "bad" | "doubt";

interface Column {
  readonly title: string;
  /** Figures stand under each other, at the right. */
  readonly figures?: true;
}

interface Row {
  readonly cells: readonly Line[];
  readonly tone?: Tone;
}

interface Table {
  readonly kind: "table";
  /** What the rows are, for readers who do not see the heading. */
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** Said when there are no rows. */
  readonly empty: string;
}

/** A drawing of this page, and what it shows in words: whoever does not see it loses nothing. */
interface Picture {
  readonly kind: "picture";
  /** A path of this page, without a query; the drawing itself where nothing can be fetched. */
  readonly src: string;
  readonly says: string;
}

export type Block =
  | { readonly kind: "paragraph"; readonly line: Line; readonly tone?: Tone }
  /** How to read what stands above it. */
  | { readonly kind: "note"; readonly line: Line }
  | { readonly kind: "list"; readonly lines: readonly Line[] }
  | { readonly kind: "facts"; readonly facts: readonly { readonly name: string; readonly value: Line }[] }
  /** A text to be read letter by letter: a call, a strategy, a difference. */
  | { readonly kind: "code"; readonly label: string; readonly text: string; readonly open?: true }
  /** The words of somebody, with their line breaks. `by` says whose they are: nobody may take them for the page's. */
  | { readonly kind: "quote"; readonly by: string; readonly text: string }
  | {
      /** Sends a human's decision to `action`. Only a browser that may decide is shown one; the text form leaves it out. */
      readonly kind: "decision";
      readonly action: string;
      /** What must be typed. */
      readonly name: string;
      /** The hash of the evidence that stands on the same view. */
      readonly evidence: string;
      readonly token: string;
    }
  /** Asks this view for words, as `q`; `words` are those asked for now. The text form leaves it out. */
  | { readonly kind: "search"; readonly label: string; readonly words: string }
  | Table
  | Picture;

export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export interface View {
  readonly title: string;
  /** One sentence that answers what the view is opened for. */
  readonly lead: Line;
  readonly tone?: Tone;
  /** Another sentence, for a view that is opened for two answers. */
  readonly verdict?: { readonly line: Line; readonly tone?: Tone };
  readonly sections: readonly Section[];
  /** Whether something on it changes by itself. */
  readonly alive?: boolean;
}

export const paragraph = (line: Line, tone?: Tone): Block => ({
  kind: "paragraph",
  line,
  ...(tone === undefined ? {} : { tone }),
});

export const note = (line: Line): Block => ({ kind: "note", line });

export const table = (of: Omit<Table, "kind">): Block => ({ kind: "table", ...of });

export const section = (title: string, ...blocks: readonly Block[]): Section => ({ title, blocks });

/** Pieces of a line with commas between them. */
export const separated = (pieces: readonly (string | Link)[]): readonly (string | Link)[] =>
  pieces.flatMap((one, at) => (at === 0 ? [one] : [", ", one]));

/** The facts that are known. */
export const facts = (known: Readonly<Record<string, Line | null>>): Block => ({
  kind: "facts",
  facts: Object.entries(known).flatMap(([name, value]) => (value === null ? [] : [{ name, value }])),
});
