/** What the door of the page says. Nothing here tells a stranger what a link or a cookie was wrong in. */
import { html } from "hono/html";
import type { DomainError } from "../domain/errors.ts";
import { APPROVALS, ENTER_APPROVING, LINK } from "./page-address.ts";

type Html = ReturnType<typeof html>;

interface Answer {
  readonly title: string;
  readonly body: Html;
}

const NEW_LINK = html`<code>ktrdr-mcp page-link new --name you</code>`;
const APPROVING_LINK = html`<code>ktrdr-mcp page-link new --approve --name you</code>`;

export const DOOR = {
  deadLink: {
    title: "This link does not work",
    body: html`<p>It was used, or it has ended, or it was made for another address. Make another: ${NEW_LINK}</p>`,
  },
  stranger: {
    title: "You are not let in yet",
    body: html`<p>
        Where this server runs, type ${NEW_LINK} and open the link that it prints in this browser. It works once.
      </p>
      <p>
        Were you let in before, and came here by a link on another site? Then <a href="">open this page again</a>:
        browsers keep quiet about you when another site sends them.
      </p>
      <p>A program sends a token instead: <code>Authorization: Bearer TOKEN</code>.</p>`,
  },
  away: {
    title: "Nobody can be let in just now",
    body: html`<p>
      The database does not answer, and it knows who may read this page. Try again in a minute: nothing is lost, and a
      link that was not used still works.
    </p>`,
  },
  foreign: {
    title: "This page is read at its own address only",
    body: html`<p>
      Another site asked for it, or it was asked for by a name that this server does not know
      (<code>MCP_HTTP_ALLOWED_HOSTS</code>).
    </p>`,
  },
  readOnly: { title: "This page is only read", body: html`<p>Nothing can be sent to it.</p>` },
  tokenApproves: {
    title: "A token approves nothing",
    body: html`<p>
      Only a human decides about candidates: in a browser that was let in by ${APPROVING_LINK}, or on a terminal with
      <code>ktrdr-mcp approve</code>.
    </p>`,
  },
  noForm: {
    title: "That is no decision",
    body: html`<p>Open the candidate, read its evidence, and use the form there.</p>`,
  },
  tooLarge: { title: "That is no link", body: html`<p>It is far too long.</p>` },
  nothing: { title: "There is nothing here", body: html`<p><a href="/">The page begins here.</a></p>` },
  failed: { title: "This page could not be made", body: html`<p>The server's log says why.</p>` },
} as const satisfies Record<string, Answer>;

/** The link is in a form, so that only a person uses it up, and no scanner of mails. */
export const buttonFor = (link: string, to: string): Answer => ({
  title: to === ENTER_APPROVING ? "Decide about candidates" : "Read the research",
  body: html`<p>This link lets one browser in, once. Let this one in?</p>
    <form method="post" action="${to}">
      <input type="hidden" name="${LINK}" value="${link}" /><button>Let this browser in</button>
    </form>`,
});

/** What became of a decision. */
export const decided = (jobId: string, outcome: string): Answer => ({
  title: "What became of your decision",
  body: html`<p>${outcome}</p>
    ${backTo(jobId)}`,
});

/** Why a decision does not count. */
export const undecided = (jobId: string, { what, why, valid, next }: DomainError): Answer => ({
  title: "Nothing was decided",
  body: html`<p>${what}</p>
    ${why === undefined ? "" : html`<p>Why: ${why}</p>`}
    ${valid.length === 0 ? "" : html`<p>Valid: ${valid.join(", ")}</p>`}
    ${next === undefined ? "" : html`<p>Next: ${next}</p>`} ${backTo(jobId)}`,
});

const backTo = (jobId: string): Html =>
  html`<p><a href="${APPROVALS}/${encodeURIComponent(jobId)}">The candidate as it is now</a></p>`;

/** @param style path of the page's style sheet */
export const documentWith =
  (style: string) =>
  ({ title, body }: Answer): Html =>
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <title>${title} - KTRDR research</title>
          <link rel="stylesheet" href="${style}" />
        </head>
        <body>
          <main>
            <h1>${title}</h1>
            ${body}
          </main>
        </body>
      </html> `;
