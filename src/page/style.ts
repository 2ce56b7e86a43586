/** The page's style: the reader's own light or dark, from a telephone's width to a wall's. */
export const STYLE_SHEET = `
:root {
  color-scheme: light dark;
  --paper: #fdfdfc; --ink: #1c1e21; --quiet: #5b6068; --line: #d9dbde; --link: #0b57b0;
  --good: #14662f; --bad: #a61b1b; --doubt: #7a4d00; --shade: #f3f4f5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #17191c; --ink: #e7e8ea; --quiet: #a3a8b0; --line: #3a3e44; --link: #8ab8ff;
    --good: #7fd79b; --bad: #ff9d94; --doubt: #f0c26b; --shade: #22252a;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
main:focus { outline: none; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .25rem .5rem; }
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1rem; }
header { border-bottom: 1px solid var(--line); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: 0; padding: .75rem 0; }
nav a { text-decoration: none; padding: .125rem 0; border-bottom: 2px solid transparent; }
nav a[aria-current] { color: var(--ink); border-color: var(--link); }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 1.5rem 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.125rem; margin: 2rem 0 .5rem; }
.lead { font-size: 1.125rem; max-width: 60rem; margin: 0 0 1rem; overflow-wrap: anywhere; }
p, li { max-width: 60rem; overflow-wrap: anywhere; }
.good { color: var(--good); } .bad { color: var(--bad); } .doubt { color: var(--doubt); }
.empty, footer, figcaption, caption { color: var(--quiet); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .5rem 1.5rem; margin: .5rem 0; }
dt { color: var(--quiet); font-size: .875rem; }
dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { text-align: left; vertical-align: top; padding: .375rem .75rem .375rem 0; border-bottom: 1px solid var(--line); min-width: 4rem; }
th { color: var(--quiet); font-weight: 500; font-size: .875rem; }
td { overflow-wrap: anywhere; }
.figures { text-align: right; white-space: nowrap; }
figure { margin: .75rem 0; }
figure img { max-width: 100%; height: auto; }
blockquote { margin: 0; padding: .5rem .75rem; border-left: 3px solid var(--line); background: var(--shade); max-width: 60rem; white-space: pre-wrap; overflow-wrap: anywhere; }
form { margin: .5rem 0; }
input, button { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--quiet); border-radius: .25rem; padding: .125rem .5rem; }
details { margin: .5rem 0; }
summary { cursor: pointer; color: var(--link); }
pre { background: var(--shade); padding: .75rem; overflow-x: auto; font: .875rem/1.45 ui-monospace, monospace; }
footer { margin: 2.5rem auto 1rem; border-top: 1px solid var(--line); font-size: .875rem; }
@media print { header, .skip { display: none; } .wide { overflow: visible; } }
`;
