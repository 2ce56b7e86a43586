/** Views as HTML. Everything in a view is text: `html` escapes it, and hidden characters are shown by their numbers. */
import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import { visible } from "../domain/plain-text.ts";
import { PLACES, SCRIPT, STYLE, textOf, type Place } from "./places.ts";
import { FRAMED_STYLE } from "./style.ts";
import type { Block, Line, Link, Section, Tone, View } from "./view.ts";

type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

/** The frame around a view. */
export interface Frame {
  /** The path and query that the view is shown at. */
  readonly at: string;
  /** Temporal's Web UI; null when it is not known. */
  readonly temporalUi: string | null;
  /** When it was read, by the database's clock, ISO-8601 UTC. */
  readonly readAt: string;
}

/** A whole document. */
export function documentOf(view: View, frame: Frame): Html {
  const { at, temporalUi, readAt } = frame;
  const here = pathOf(at);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${visible(view.title)} - KTRDR research</title>
        <link rel="stylesheet" href="${STYLE}" />
        ${view.alive === true ? html`<script src="${SCRIPT}" defer></script>` : ""}
      </head>
      <body>
        <a class="skip" href="#main">To the content</a>
        <header>${menuOf(PLACES, here)}</header>
        <main id="main" tabindex="-1">${contentOf(view)}</main>
        <footer>
          <p>
            Read at ${stamp(readAt)}.
            <a href="${textOf(at)}">The same as plain text</a
            >${temporalUi === null ? "" : html`, <a href="${temporalUi}">the machinery in Temporal</a>`}.
          </p>
        </footer>
      </body>
    </html> `;
}

/** A view with its menu and its style, for a frame that has nothing else. */
export const framedOf = (view: View, places: readonly Place[], at: string, readAt: string): Html =>
  html`<style>
      ${raw(FRAMED_STYLE)}
    </style>
    ${menuOf(places, pathOf(at))} ${contentOf(view)}
    <footer>
      <p>Read at ${stamp(readAt)}. <a href="${at}">Read it again</a>.</p>
    </footer>`;

/** The content alone: a page that refreshes itself takes it out of the document. */
export const contentOf = ({ title, lead, tone, verdict, sections }: View): Html =>
  html`<h1>${visible(title)}</h1>
    <p class="lead${toneClass(tone)}">${lineOf(lead)}</p>
    ${verdict === undefined ? "" : html`<p class="lead verdict${toneClass(verdict.tone)}">${lineOf(verdict.line)}</p>`}
    ${sections.map(sectionOf)}`;

const pathOf = (at: string): string => at.split("?", 1)[0] ?? at;

const menuOf = (places: readonly Place[], here: string): Html =>
  html`<nav aria-label="Views">
    <ul>
      ${places.map(({ path, title }) => placeOf(path, title, here))}
    </ul>
  </nav>`;

const placeOf = (path: string, title: string, here: string): Html =>
  html`<li>
    <a href="${path}" ${isWithin(here, path) ? html` aria-current="${here === path ? "page" : "true"}"` : ""}
      >${title}</a
    >
  </li>`;

const isWithin = (here: string, path: string): boolean =>
  path === "/" ? here === "/" : here === path || here.startsWith(`${path}/`);

/** Of a single table the heading says what it is. */
function sectionOf({ title, blocks }: Section): Html {
  const several = blocks.filter((block) => block.kind === "table" && block.rows.length > 0).length > 1;
  return html`<section>
    <h2>${visible(title)}</h2>
    ${blocks.map((block) => blockOf(block, several))}
  </section> `;
}

function blockOf(block: Block, captions: boolean): Html {
  switch (block.kind) {
    case "paragraph":
      return html`<p${block.tone === undefined ? "" : html` class="${block.tone}"`}>${lineOf(block.line)}</p>`;
    case "note":
      return html`<p class="note">${lineOf(block.line)}</p>`;
    case "list":
      return html`<ul>
        ${block.lines.map((line) => html`<li>${lineOf(line)}</li>`)}
      </ul>`;
    case "facts":
      return html`<dl>
        ${block.facts.map(
          ({ name, value }) =>
            html`<div>
              <dt>${visible(name)}</dt>
              <dd>${lineOf(value)}</dd>
            </div>`,
        )}
      </dl>`;
    case "code":
      return html`<details${block.open === true ? html` open` : ""}><summary>${visible(block.label)}</summary><pre tabindex="0">${visible(block.text)}</pre></details>`;
    case "quote":
      return html`<figure>
        <blockquote>${visible(block.text)}</blockquote>
        <figcaption>${visible(block.by)}</figcaption>
      </figure>`;
    case "search":
      return html`<form role="search">
        <label>${visible(block.label)} <input type="search" name="q" value="${visible(block.words)}" /></label>
        <button>Search</button>
      </form>`;
    case "decision":
      return decisionOf(block);
    case "picture":
      return pictureOf(block);
    case "table":
      return tableOf(block, captions);
  }
}

/** Enter in a field presses the first button of a form. That one is dead, so that nobody decides by Enter. */
const decisionOf = ({ action, name, evidence, token }: Extract<Block, { kind: "decision" }>): Html =>
  html`<form method="post" action="${action}" autocomplete="off">
    <input type="hidden" name="token" value="${token}" /><input type="hidden" name="evidence" value="${evidence}" />
    <p>
      <label>Type the name of the strategy, ${visible(name)}: <input name="name" required /></label>
    </p>
    <p>
      <label>Your reason (a rejection needs one): <input name="reason" maxlength="300" /></label>
    </p>
    <button hidden disabled></button>
    <button name="decision" value="reject">Reject it for good</button>
    <button name="decision" value="approve">Make it the champion</button>
  </form>`;

/**
 * Drawn for each theme and for telephones: a drawing that is shrunk cannot be read. What it shows is said below it, so
 * that nobody hears it twice.
 */
function pictureOf({ src, says }: Extract<Block, { kind: "picture" }>): Html {
  // A frame that can fetch nothing has the drawing itself.
  if (src.startsWith("data:")) {
    return html`<figure>
      <img src="${src}" alt="" />
      <figcaption>${visible(says)}</figcaption>
    </figure>`;
  }
  const [dark, narrow] = ["(prefers-color-scheme: dark)", "(max-width: 40rem)"];
  return html`<figure>
    <picture
      ><source media="${narrow} and ${dark}" srcset="${src}?dark&amp;narrow" />
      <source media="${narrow}" srcset="${src}?narrow" />
      <source media="${dark}" srcset="${src}?dark" />
      <img src="${src}" alt="" loading="lazy"
    /></picture>
    <figcaption>${visible(says)}</figcaption>
  </figure>`;
}

function tableOf({ caption, columns, rows, empty }: Extract<Block, { kind: "table" }>, captions: boolean): Html {
  if (rows.length === 0) return html`<p class="empty">${visible(empty)}</p>`;
  const titles = columns.map(
    ({ title, figures }) => html`<th scope="col" ${classOf(title, figures)}>${visible(title)}</th>`,
  );
  const cellsOf = (cells: readonly Line[]) =>
    cells.map((cell, at) => html`<td${classOf(cell, columns[at]?.figures)}>${lineOf(cell)}</td>`);
  const lines = rows.map(
    ({ cells, tone }) =>
      html`<tr${tone === undefined ? "" : html` class="${tone}"`}>${cellsOf(cells)}</tr>
`,
  );
  const said = visible(caption);
  return html`<div class="wide" tabindex="0" role="region" aria-label="${said}"><table><caption${captions ? "" : html` class="unseen"`}>${said}</caption><thead><tr>${titles}</tr></thead><tbody>${lines}</tbody></table></div>`;
}

/** Short cells stay on one line. Longer ones are broken, but never to a column of single words. */
function classOf(cell: Line, figures: true | undefined): Html | "" {
  const { length } = wordsOf(cell);
  if (length > LONGER) return html` class="longer"`;
  if (length > LONG) return html` class="long"`;
  return figures === true ? html` class="figures"` : "";
}

/** Characters. A market with its days is not long. */
const LONG = 24;
const LONGER = 70;

const toneClass = (tone: Tone | undefined): string => (tone === undefined ? "" : ` ${tone}`);

const lineOf = (line: Line): Html =>
  html`${piecesOf(line).map((piece) => (typeof piece === "string" ? broken(piece) : html`<a href="${piece.href}">${broken(piece.text)}</a>`))}`;

const wordsOf = (line: Line): string =>
  piecesOf(line)
    .map((piece) => (typeof piece === "string" ? piece : piece.text))
    .join("");

/** Names without spaces may be broken before their words, rather than anywhere. */
function broken(text: string): Html {
  const pieces = visible(text).split(/(?<=\S{6}[_/.-])(?=[a-z]{2})/i);
  return html`${pieces.map((piece, at) => (at === 0 ? piece : html`<wbr />${piece}`))}`;
}

const piecesOf = (line: Line): readonly (string | Link)[] => (isPieces(line) ? line : [line]);
const isPieces = (line: Line): line is readonly (string | Link)[] => Array.isArray(line);

/** A moment as readers see it; machines read the attribute. */
const stamp = (instant: string): Html =>
  html`<time datetime="${instant}">${instant.slice(0, 16).replace("T", " ")} UTC</time>`;
