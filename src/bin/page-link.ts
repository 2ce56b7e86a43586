/** `ktrdr-mcp page-link`: lets a person's browser read the page of `mcp --http`, lists who may, and ends it. */
import { parseArgs } from "node:util";
import { ConfigSchema, type Config } from "../config.ts";
import { DomainError } from "../domain/errors.ts";
import { HolderName, SCOPES } from "../domain/identity.ts";
import { APPROVING_DAYS, LINK_MINUTES, MOST_DAYS } from "../domain/page-session.ts";
import { linkTo } from "../http/page-address.ts";
import { isLoopback } from "../machine/loopback.ts";
import { createPageAccess, type PageAccess } from "../store/page-access.ts";
import { createPool } from "../store/pool.ts";
import { remark, runCommand, say, settings, Usage } from "./command.ts";
import { given, scopeOf } from "./holder-arguments.ts";

const DAYS = "7";

const USAGE = `Usage: ktrdr-mcp page-link new --name NAME [--approve] [--scope ${SCOPES.join("|")}] [--days ${DAYS}] [--url https://HOST]
       ktrdr-mcp page-link list
       ktrdr-mcp page-link revoke --name NAME
A link begins with MCP_PUBLIC_URL, or with the address after --url. With --approve its browser may decide about candidates,
for ${APPROVING_DAYS} day unless --days says otherwise.`;

function parsed() {
  const text = { type: "string" } as const;
  return parseArgs({
    allowPositionals: true,
    options: { name: text, scope: text, days: text, url: text, approve: { type: "boolean" } },
  });
}

type Options = ReturnType<typeof parsed>["values"];

await runCommand(USAGE, async () => {
  const { positionals, values } = parsed();
  const [verb, ...rest] = positionals;
  if (rest.length > 0) throw new Usage(`"${rest[0]}" is not understood.`);
  const config = await settings();
  switch (verb) {
    case "new": {
      const wish = wishOf(values, config);
      return await withAccess(config, async (access) => await make(access, wish));
    }
    case "list":
      return await withAccess(config, list);
    case "revoke": {
      const name = given(values.name, "--name");
      return await withAccess(config, async (access) => await revoke(access, name));
    }
    case undefined:
    default:
      throw new Usage(verb === undefined ? "What is to be done?" : `"${verb}" is not understood.`);
  }
});

async function withAccess(config: Config, work: (access: PageAccess) => Promise<void>): Promise<void> {
  const pool = createPool(config.DATABASE_URL, { max: 1, applicationName: "ktrdr-mcp page-link" });
  try {
    await work(createPageAccess(pool));
  } finally {
    await pool.end();
  }
}

type Wish = Parameters<PageAccess["newLink"]>[0];

function wishOf(values: Options, config: Config): Wish {
  const name = HolderName.safeParse(given(values.name, "--name"));
  if (!name.success) throw new Usage(`--name has ${name.error.issues[0]?.message ?? "another form"}.`);
  const approves = values.approve === true;
  return {
    name: name.data,
    scope: scopeOf(values.scope ?? "read"),
    approves,
    days: daysOf(values.days ?? (approves ? String(APPROVING_DAYS) : DAYS)),
    origin: originOf(values.url, config.MCP_PUBLIC_URL),
  };
}

function daysOf(text: string): number {
  if (/^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= MOST_DAYS) return Number(text);
  throw new Usage(`--days is a number from 1 to ${MOST_DAYS}.`);
}

function originOf(url: string | undefined, configured: string | undefined): string {
  const address = url ?? configured;
  if (address === undefined) {
    throw new DomainError("invalid_input", {
      what: "The link must begin with the address of the server, as browsers type it.",
      next: "Set MCP_PUBLIC_URL, or repeat the command with --url: https://research.example.com, or http://127.0.0.1:3100 on this machine.",
    });
  }
  const checked = ConfigSchema.shape.MCP_PUBLIC_URL.safeParse(address);
  if (!checked.success) throw new Usage(`--url: ${checked.error.issues[0]?.message ?? "no address"}`);
  return new URL(address).origin;
}

async function make(access: PageAccess, wish: Wish): Promise<void> {
  const { name, scope, approves, days, origin } = wish;
  const link = linkTo(origin, await access.newLink(wish), approves);
  const { protocol, hostname } = new URL(origin);
  if (protocol === "http:" && !isLoopback(hostname)) {
    remark("Without TLS whoever is on the way can read the link and the cookie: put a proxy before the server.");
  }
  remark(
    `One browser may ${scope}${approves === true ? " and decide about candidates" : ""} as ${name} for ${days} ${days === 1 ? "day" : "days"}: the first that opens this link, within ${LINK_MINUTES} minutes. It is shown this once:`,
  );
  say(link);
}

async function list(access: PageAccess): Promise<void> {
  const all = await access.all();
  for (const { name, scope, approves, what, endsAt } of all) {
    say(`${name}\t${scope}${approves ? "+approve" : ""}\t${what}\t${endsAt}`);
  }
  if (all.length === 0) remark("No link is open, and no browser is let in.");
}

async function revoke(access: PageAccess, name: string): Promise<void> {
  const { links, sessions } = await access.revoke(name);
  if (links + sessions === 0) {
    throw new DomainError("invalid_input", {
      what: `Nobody of the name "${name}" is let in to the page.`,
      valid: [...new Set((await access.all()).map((one) => one.name))],
    });
  }
  remark(`${name} is out. Sessions that ended: ${sessions}; links: ${links}. Every server knows within a minute.`);
}
