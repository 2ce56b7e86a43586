/**
 * The page's only script: while somebody looks, it fetches the page again and replaces what changed. Whatever a reader
 * opened or moved to stays, because only sections that differ are replaced.
 */
export const REFRESH_SCRIPT = `
const EVERY_MS = 10000;
const main = document.getElementById("main");
async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(location.href, { headers: { "x-refresh": "1" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const then = fresh.querySelector("main").children;
  if (then.length !== main.children.length) { main.replaceChildren(...then); return; }
  [...then].forEach((part, at) => {
    const old = main.children[at];
    if (old.textContent === part.textContent || old.contains(document.activeElement)) return;
    old.replaceWith(part);
  });
  document.querySelector("footer p").replaceWith(fresh.querySelector("footer p"));
}
setInterval(() => refresh().catch(() => undefined), EVERY_MS);
document.addEventListener("visibilitychange", () => refresh().catch(() => undefined));
`;
