import { VIEW_AT } from "./meta.ts";

/**
 * What a host of MCP Apps (SEP-1865, 2026-01-26) shows in its frame: it asks for the view that belongs to the answer, and
 * for those that a reader follows links to. Views come as HTML of ours with escaped texts; scripts in them do not run.
 * A frame must not be left, so links are asked for, and addresses of elsewhere are opened by the host.
 */
export const SHELL = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>KTRDR research</title>
<main tabindex="-1">Waiting for the answer.</main>
<script>
const main = document.querySelector("main"), root = document.documentElement, waiting = {};
let last = 0, wanted;
const say = (message) => parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
const ask = (method, params, then) => { waiting[++last] = then; say({ id: last, method, params }); };
const show = (path) => {
  wanted = path;
  main.style.opacity = 0.5;
  ask("tools/call", { name: "show_page", arguments: { path } }, ({ result, error }) => {
    if (path !== wanted) return;
    const view = result?.structuredContent;
    if (view) main.innerHTML = view.html;
    else main.textContent = error?.message ?? result.content[0].text;
    main.style.opacity = 1;
    scrollTo(0, 0);
  });
};
const dress = (context) => { if (context?.theme) root.style.colorScheme = context.theme; };
addEventListener("message", ({ source, data }) => {
  if (source !== parent || data?.jsonrpc !== "2.0") return;
  const { id, method = "", params } = data;
  if (method === "") { waiting[id]?.(data); delete waiting[id]; }
  else if (id !== undefined) say({ id, result: {} });
  else if (method.endsWith("/tool-result")) show(params._meta?.["${VIEW_AT}"] ?? "/");
  else if (method.endsWith("/tool-cancelled")) main.textContent = "The call was cancelled.";
  else if (method.endsWith("/host-context-changed")) dress(params);
});
addEventListener("click", (event) => {
  const to = event.target.closest("a")?.getAttribute("href");
  if (!to) return;
  event.preventDefault();
  if (to[0] === "/") { show(to); main.focus(); }
  else ask("ui/open-link", { url: to });
});
const appInfo = { name: "ktrdr-research", version: "1" };
ask("ui/initialize", { protocolVersion: "2026-01-26", appInfo, appCapabilities: {} }, ({ result }) => {
  dress(result?.hostContext);
  say({ method: "ui/notifications/initialized" });
  const tell = () => say({ method: "ui/notifications/size-changed", params: { height: Math.ceil(root.getBoundingClientRect().height) } });
  new ResizeObserver(tell).observe(root);
});
</script>
`;
