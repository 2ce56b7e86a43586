/** The HTTP front with a stand-in page behind its door, and a browser that goes there. */
import { once } from "node:events";
import { request, type IncomingHttpHeaders } from "node:http";
import { Hono } from "hono";
import { pino } from "pino";
import type { Scope } from "../../src/domain/identity.ts";
import type { HttpEnv } from "../../src/http/bindings.ts";
import { startHttpServer } from "../../src/http/server.ts";
import { MAX_MESSAGE_BYTES, readBytes } from "../../src/mcp/message/read-message.ts";
import { createPageAccess } from "../../src/store/page-access.ts";
import { createPool } from "../../src/store/pool.ts";

export const PUBLIC = "https://research.example.com";
/** A page that may call /mcp, and may not read the page for people. */
export const CALLER = "https://inspector.example.com";

/** What it answers tells who reads. `posted` counts what must never happen; `/slow` answers when it is let go. */
function standIn() {
  const slow = Promise.withResolvers<void>();
  const seen = { posted: 0, passed: [] as string[], letGo: slow.resolve };
  const app = new Hono<HttpEnv>();
  app.use(async ({ req }, next) => {
    seen.passed.push(req.path);
    await next();
  });
  app.get("/", ({ get, text }) => text(`page for ${get("reader").name} to ${get("reader").scope}`));
  app.get("/page.css", ({ body }) =>
    body("main {}", 200, { "content-type": "text/css", "cache-control": "private, max-age=3600" }),
  );
  app.get("/runs/:id", ({ req, text }) => (req.param("id") === "none" ? text("no such run", 404) : text("a run")));
  app.get("/slow", async ({ text }) => {
    await slow.promise;
    return text("at last");
  });
  app.get("/broken", () => {
    throw new Error("the page is broken");
  });
  // What is the server's own stays so.
  app.get("/mcp", ({ text }) => text("the page's"));
  app.get("/health", ({ text }) => text("the page's"));
  app.post("/runs/:id", ({ text }) => {
    seen.posted += 1;
    return text("changed");
  });
  return { app, seen };
}

export interface PageServer {
  readonly port: number;
  readonly origin: string;
  readonly seen: ReturnType<typeof standIn>["seen"];
  /** Everything that it logged so far, at the finest level. */
  readonly log: () => string;
  stop(): Promise<void>;
}

interface Wanted {
  readonly databaseUrl: string;
  /** Null: whoever reaches the port may read. */
  readonly tokensFile: string | null;
  /** The widest scope; `operate` unless given. */
  readonly most?: Scope;
}

export async function startPageServer({ databaseUrl, tokensFile, most = "operate" }: Wanted): Promise<PageServer> {
  const pool = createPool(databaseUrl, { connectTimeoutMs: 2_000 });
  const access = createPageAccess(pool);
  const { app, seen } = standIn();
  let log = "";
  const nobody = () => {
    throw new Error("nothing but the page is asked for");
  };
  const server = await startHttpServer(
    {
      host: "127.0.0.1",
      port: 0,
      requestTimeoutMs: 10_000,
      allowed: {
        hosts: ["127.0.0.1", "localhost", "research.example.com"],
        origins: ["127.0.0.1", "localhost", "inspector.example.com"],
      },
      bearer: { tokensFile, oauth: null },
      authenticated: tokensFile !== null,
    },
    {
      deps: nobody,
      serverFor: nobody,
      local: { name: null, scope: most, source: "local" },
      early: async () => null,
      onRefused: nobody,
      messages: { read: readBytes, maxBytes: MAX_MESSAGE_BYTES },
      metrics: null,
      page: { app, style: "/page.css", access: async () => access, decide: nobody },
      log: pino({ level: "trace" }, { write: (line: string) => void (log += line) }),
    },
  );
  return {
    port: server.port,
    origin: `http://127.0.0.1:${server.port}`,
    seen,
    log: () => log,
    async stop() {
      await server.drain();
      await pool.end();
    },
  };
}

export interface PageAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends by node:http, which lets a caller lie about everything and follows nothing. */
export async function ask(port: number, path: string, { method = "GET", headers = {}, body }: Asked = {}) {
  const asked = request({ host: "127.0.0.1", port, path, method, headers, agent: false });
  asked.end(body);
  const [response] = await once(asked, "response");
  const text: string = (await response.setEncoding("utf8").toArray()).join("");
  return { status: response.statusCode, headers: response.headers, text } as PageAnswer;
}

const FORM = { "content-type": "application/x-www-form-urlencoded" };

/** The form of the button, sent as a browser at `origin` does. */
export const pressed = (link: string, origin: string | null = PUBLIC): Asked => ({
  method: "POST",
  headers: {
    ...FORM,
    host: origin?.startsWith("http") === true ? new URL(origin).host : "research.example.com",
    ...(origin === null ? {} : { origin }),
  },
  body: new URLSearchParams({ link }).toString(),
});

/** A browser at one address, with a cookie jar. It keeps cookies as browsers do, as far as the page sets any. */
export function browserAt(port: number, origin: string) {
  const jar = new Map<string, string>();
  const { host, protocol } = new URL(origin);

  function keep(cookie: string): void {
    const [pair = "", ...attributes] = cookie.split("; ");
    const [name = "", value = ""] = pair.split("=");
    const secure = attributes.includes("Secure");
    const forHost = !name.startsWith("__Host-") || (secure && attributes.includes("Path=/"));
    if ((!secure || protocol === "https:") && forHost) jar.set(name, value);
  }

  return {
    jar,
    /** @param from `same`: by a link or form of the site itself; `cross`: another site leads here, so no strict cookie */
    async go(path: string, asked: Asked = {}, from: "same" | "cross" = "same"): Promise<PageAnswer> {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
      const sent = {
        host,
        ...(from === "same" && cookie !== "" ? { cookie } : {}),
        ...(asked.method === "POST" ? { ...FORM, origin } : {}),
        ...asked.headers,
      };
      const answer = await ask(port, path, { ...asked, headers: sent });
      for (const set of answer.headers["set-cookie"] ?? []) keep(set);
      // After a 303 a browser asks by GET, as the same site.
      return answer.status === 303 ? await this.go(answer.headers.location ?? "", {}, from) : answer;
    },
    /** Presses the one button of a document. */
    async press({ text }: PageAnswer): Promise<PageAnswer> {
      const [, action = "", inside = ""] = /<form method="post" action="([^"]+)">(.*?)<\/form>/s.exec(text) ?? [];
      const [, name, value = ""] = /<input type="hidden" name="([^"]+)" value="([^"]+)"/.exec(inside) ?? [];
      if (name === undefined || !inside.includes("<button>")) throw new Error(`there is no button: ${text}`);
      return await this.go(action, { method: "POST", body: new URLSearchParams({ [name]: value }).toString() });
    },
  };
}
