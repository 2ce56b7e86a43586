import type { Context, Hono } from "hono";
import type { SandboxEnv } from "./env.ts";

function pattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/:[^/]+/g, "[^/]+")}$`);
}

/**
 * What the real router does with an address that has no handler: the same address with or without its last slash is a
 * 307, a known address with another method 405, everything else 404 (docs/ktrdr.md §1.1, recording 20).
 */
export function answerUnrouted(app: Hono<SandboxEnv>): (context: Context<SandboxEnv>) => Response {
  let patterns: RegExp[] | undefined;
  const known = (path: string): boolean => {
    // Entries for the method ALL are middleware.
    patterns ??= app.routes.filter((route) => route.method !== "ALL").map((route) => pattern(route.path));
    return patterns.some((one) => one.test(path));
  };
  return (context) => {
    const { path } = context.req;
    if (known(path)) return context.json({ detail: "Method Not Allowed" }, 405);
    const toggled = path.endsWith("/") ? path.slice(0, -1) : `${path}/`;
    if (toggled === "" || !known(toggled)) return context.json({ detail: "Not Found" }, 404);
    const target = new URL(context.req.url);
    target.pathname = toggled;
    return context.body(null, 307, { location: target.href });
  };
}
