/** Views as HTML. Everything in a view is text: `html` escapes it, and hidden characters are shown by their numbers. */
import { html } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import { visible } from "../domain/plain-text.ts";
import { PLACES, SCRIPT, STYLE, textOf } from "./places.ts";
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
  const here = at.split("?", 1)[0] ?? at;
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
        <header>
          <nav aria-label="Views">
            <ul>
              ${PLACES.map(({ path, title }) => placeOf(path, title, here))}
            </ul>
          </nav>
        </header>
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

/** The content alone: a page that refreshes itself takes it out of the document, a host of MCP Apps is given it. */
export const contentOf = (view: View): Html =>
  html`<h1>${visible(view.title)}</h1>
    <p class="lead${toneClass(view.tone)}">${lineOf(view.lead)}</p>
    ${view.sections.map(sectionOf)}`;

const placeOf = (path: string, title: string, here: string): Html =>
  html`<li>
    <a href="${path}" ${isWithin(here, path) ? html` aria-current="${here === path ? "page" : "true"}"` : ""}
      >${title}</a
    >
  </li>`;

const isWithin = (here: string, path: string): boolean =>
  path === "/" ? here === "/" : here === path || here.startsWith(`${path}/`);

const sectionOf = ({ title, blocks }: Section): Html =>
  html`<section>
    <h2>${visible(title)}</h2>
    ${blocks.map(blockOf)}
  </section> `;

function blockOf(block: Block): Html {
  switch (block.kind) {
    case "paragraph":
      return html`<p${block.tone === undefined ? "" : html` class="${block.tone}"`}>${lineOf(block.line)}</p>`;
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
    case "picture":
      return html`<figure>
        <picture
          ><source media="(prefers-color-scheme: dark)" srcset="${block.src}?dark" />
          <img src="${block.src}" alt="${visible(block.says)}" loading="lazy"
        /></picture>
        <figcaption>${visible(block.says)}</figcaption>
      </figure>`;
    case "table":
      return tableOf(block);
  }
}

function tableOf({ caption, columns, rows, empty }: Extract<Block, { kind: "table" }>): Html {
  if (rows.length === 0) return html`<p class="empty">${visible(empty)}</p>`;
  const figures = (at: number) => (columns[at]?.figures === true ? html` class="figures"` : "");
  return html`<div class="wide" tabindex="0" role="region" aria-label="${visible(caption)}">
    <table>
      <caption>
        ${visible(caption)}
      </caption>
      <thead>
        <tr>
          ${columns.map(({ title }, at) => html`<th scope="col" ${figures(at)}>${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ cells, tone }) =>
            html`<tr${tone === undefined ? "" : html` class="${tone}"`}>${cells.map((cell, at) => html`<td${figures(at)}>${lineOf(cell)}</td>`)}</tr>
`,
        )}
      </tbody>
    </table>
  </div>`;
}

const toneClass = (tone: Tone | undefined): string => (tone === undefined ? "" : ` ${tone}`);

function lineOf(line: Line): Html {
  const pieces: readonly (string | Link)[] = isPieces(line) ? line : [line];
  return html`${pieces.map((piece) => (typeof piece === "string" ? visible(piece) : html`<a href="${piece.href}">${visible(piece.text)}</a>`))}`;
}

const isPieces = (line: Line): line is readonly (string | Link)[] => Array.isArray(line);

/** A moment as readers see it; machines read the attribute. */
const stamp = (instant: string): Html =>
  html`<time datetime="${instant}">${instant.slice(0, 16).replace("T", " ")} UTC</time>`;
