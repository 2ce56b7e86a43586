/**
 * The style of a view with its menu, from a telephone's width to a wall's. Light or dark is the reader's own, or what a
 * host of MCP Apps sets as the color scheme of the document.
 */
const VIEW = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#fdfdfc, #17191c); --ink: light-dark(#1c1e21, #e7e8ea); --quiet: light-dark(#5b6068, #a3a8b0);
  --line: light-dark(#dcdedf, #33373c); --rule: light-dark(#8d9299, #6d737b); --link: light-dark(#0b57b0, #8ab8ff);
  --good: light-dark(#14662f, #7fd79b); --bad: light-dark(#a61b1b, #ff9d94); --doubt: light-dark(#7a4d00, #f0c26b);
  --shade: light-dark(#f3f4f4, #1f2226); --edge: light-dark(#0001, #0006);
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
a { color: var(--link); text-decoration-thickness: 1px; text-underline-offset: .15em; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
main:focus { outline: none; }
nav ul { display: flex; flex-wrap: wrap; gap: 0 1.25rem; list-style: none; margin: 0; padding: .5rem 0; font-size: .9375rem; }
nav a { display: block; text-decoration: none; padding: .1875rem 0; border-bottom: 2px solid transparent; }
nav a[aria-current] { color: var(--ink); border-color: var(--link); }
h1 { font-size: 1.625rem; line-height: 1.2; letter-spacing: -.01em; margin: 1.25rem 0 .375rem; overflow-wrap: anywhere; }
h2 { font-size: 1.0625rem; line-height: 1.3; margin: 0 0 .5rem; }
.lead { font-size: 1.125rem; line-height: 1.45; max-width: 48rem; margin: 0 0 .75rem; overflow-wrap: anywhere; }
.verdict { font-weight: 600; }
section { border-top: 1px solid var(--line); padding: .75rem 0 .75rem; margin-top: .75rem; }
p, ul, figcaption { max-width: 48rem; margin: 0 0 .625rem; overflow-wrap: anywhere; }
ul { padding-left: 1.125rem; }
.good { color: var(--good); } .bad { color: var(--bad); } .doubt { color: var(--doubt); }
.empty, .note, footer, figcaption, caption { color: var(--quiet); }
.note, figcaption, footer { font-size: .875rem; line-height: 1.45; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: .5rem 1.25rem; margin: 0 0 .75rem; }
dt { color: var(--quiet); font-size: .8125rem; line-height: 1.3; }
dd { margin: 0; font-size: .9375rem; line-height: 1.4; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; margin: 0 0 .75rem; background:
  linear-gradient(90deg, var(--paper) 50%, transparent) local 0 0 / 2rem 100% no-repeat,
  linear-gradient(270deg, var(--paper) 50%, transparent) local 100% 0 / 2rem 100% no-repeat,
  linear-gradient(90deg, var(--edge), transparent) 0 0 / .75rem 100% no-repeat,
  linear-gradient(270deg, var(--edge), transparent) 100% 0 / .75rem 100% no-repeat; }
table { border-collapse: collapse; font-size: .9375rem; line-height: 1.4; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-size: .875rem; padding-top: .25rem; }
caption.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { text-align: left; vertical-align: top; padding: .25rem 1rem .25rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
th { color: var(--quiet); font-weight: 400; font-size: .8125rem; vertical-align: bottom; border-color: var(--rule); }
.long { white-space: normal; min-width: 9rem; max-width: 34rem; }
.longer { white-space: normal; min-width: 16rem; max-width: 34rem; }
td:not(.long, .longer) wbr { display: none; }
.figures { text-align: right; }
section > :last-child { margin-bottom: 0; }
figure { margin: 0 0 .75rem; }
figure img { display: block; max-width: 100%; height: auto; margin-bottom: .375rem; }
blockquote { margin: 0 0 .75rem; padding: .375rem .75rem; border-left: 3px solid var(--rule); background: var(--shade); max-width: 48rem; white-space: pre-wrap; overflow-wrap: anywhere; }
form { margin: 0 0 .75rem; }
input, button { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--rule); border-radius: .25rem; padding: .125rem .5rem; }
details { margin: .25rem 0; }
summary { cursor: pointer; color: var(--link); padding: .125rem 0; }
pre { background: var(--shade); margin: .25rem 0 .75rem; padding: .75rem; overflow-x: auto; font: .8125rem/1.45 ui-monospace, monospace; }
@media (max-width: 40rem) {
  nav ul { gap: 0 .875rem; }
  h1 { font-size: 1.375rem; margin-top: .75rem; }
  .lead { font-size: 1rem; margin-bottom: .5rem; }
  .wide { margin-inline: -1rem; padding-inline: 1rem; }
}
@media (min-width: 70rem) {
  section { display: grid; grid-template-columns: 12rem minmax(0, 1fr); column-gap: 2rem; }
  section > * { grid-column: 2; }
  section > h2 { grid-column: 1; grid-row: 1 / span 20; }
  figure { display: grid; grid-template-columns: auto minmax(14rem, 1fr); column-gap: 2rem; }
}
`;

/** The style of a whole document. */
export const STYLE_SHEET = `${VIEW}
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .25rem .5rem; }
header, main, footer, .away { max-width: 76rem; margin: 0 auto; padding: 0 1rem; }
header { border-bottom: 1px solid var(--rule); }
footer { margin: 1rem auto; padding-top: .5rem; border-top: 1px solid var(--line); }
.away { margin: .75rem auto 0; }
@media (min-width: 70rem) { header, main, footer, .away { max-width: 92rem; } }
@media print { header, .skip { display: none; } .wide { overflow: visible; } }
`;

/** The style of a view in a frame of a host. Its pictures are drawn for light paper, and get it. */
export const FRAMED_STYLE = `${VIEW}
main { padding: 0 1rem; }
figure img { background: #fdfdfc; }
footer { font-size: .875rem; }
`;
