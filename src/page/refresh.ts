/**
 * The page's only script: while somebody looks, it reads the page again and replaces the parts that the server wrote
 * anew. A reader keeps what was opened, scrolled, selected or in focus; a new part is shown when its pictures are there.
 */
export const REFRESH_SCRIPT = `
const EVERY_MS = 10000;
const REACHABLE = "a, summary, [tabindex]";
const main = document.getElementById("main");
const away = document.createElement("p");
away.className = "away bad";
away.setAttribute("role", "status");

/** Each part of the content under its heading. */
function named(parts) {
  const names = new Map();
  for (const part of parts) {
    const title = part.tagName + (part.querySelector("h2")?.textContent ?? "");
    let name = title;
    while (names.has(name)) name += "+";
    names.set(name, part);
  }
  return names;
}

/** As the server wrote each part, before a reader opened anything in it. */
const written = new Map([...named(main.children)].map(([name, part]) => [name, part.outerHTML]));

/** Pictures get another address: a browser shows a picture of an address that it knows without asking again. */
async function ready(part) {
  const again = "again=" + Date.now();
  for (const one of part.querySelectorAll("img, source")) for (const name of ["src", "srcset"]) {
    const at = one.getAttribute(name);
    if (at !== null) one.setAttribute(name, at + (at.includes("?") ? "&" : "?") + again);
  }
  const now = document.importNode(part, true);
  const pictures = [...now.querySelectorAll("img")];
  for (const picture of pictures) picture.loading = "eager";
  await Promise.all(pictures.map((picture) => picture.decode().catch(() => undefined)));
  return now;
}

const isSelected = (part) => !getSelection().isCollapsed && getSelection().containsNode(part, true);

function replace(old, now) {
  const each = (selector, carry) => {
    const those = now.querySelectorAll(selector);
    old.querySelectorAll(selector).forEach((one, at) => those[at] && carry(one, those[at]));
  };
  const focused = document.activeElement;
  const place = [...old.querySelectorAll(REACHABLE)].indexOf(focused);
  const scrolled = [...old.querySelectorAll(".wide, pre")].map((one) => one.scrollLeft);
  each("details", (one, then) => { then.open = one.open; });
  old.replaceWith(now);
  [...now.querySelectorAll(".wide, pre")].forEach((one, at) => { one.scrollLeft = scrolled[at] ?? 0; });
  if (place < 0) return;
  const all = [...now.querySelectorAll(REACHABLE)];
  const same = focused.href && all.find((one) => one.href === focused.href && one.textContent === focused.textContent);
  (same || all[Math.min(place, all.length - 1)] || main).focus({ preventScroll: true });
}

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(location.href, { headers: { "x-refresh": "1" } });
  if (!answer.ok) throw new Error(answer.status);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const then = named(fresh.querySelector("main").children);
  const html = new Map([...then].map(([name, part]) => [name, part.outerHTML]));
  const changed = [...then].filter(([name]) => written.get(name) !== html.get(name));
  const parts = new Map(await Promise.all(changed.map(async ([name, part]) => [name, await ready(part)])));
  const there = named(main.children);
  for (const [name, part] of there) if (!then.has(name)) { part.remove(); written.delete(name); }
  let before = null;
  for (const name of then.keys()) {
    const [old, now] = [there.get(name), parts.get(name)];
    const kept = now === undefined || (old !== undefined && isSelected(old));
    if (!kept) written.set(name, html.get(name));
    if (!kept && old !== undefined) replace(old, now);
    const part = kept ? old : now;
    if (before === null ? main.firstElementChild !== part : before.nextElementSibling !== part)
      before === null ? main.prepend(part) : before.after(part);
    before = part;
  }
  document.querySelector("footer time").replaceWith(fresh.querySelector("footer time"));
  away.remove();
}

function look() {
  return refresh().catch(() => {
    away.textContent = "This page could not be read again at " + new Date().toISOString().slice(11, 16)
      + " UTC: what stands below is from before.";
    if (!away.isConnected) main.before(away);
  });
}
setInterval(look, EVERY_MS);
document.addEventListener("visibilitychange", look);
`;
