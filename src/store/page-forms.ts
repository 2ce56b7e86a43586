/** The forms by which a browser decides: each is for one session, candidate and evidence, and is used once. */
import { hash, randomBytes } from "node:crypto";
import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { run, select, type Pool, type Session } from "./pool.ts";

/** A form as a browser sent it. */
export interface SentForm {
  /** The cookie; null without one. */
  readonly session: string | null;
  /** Whether the cookie is one that browsers keep for TLS. */
  readonly secure: boolean;
  /** The `Origin` that the browser told. */
  readonly origin: string;
  readonly token: string;
}

const SECRET_BYTES = 32;
const digest = (secret: string): string => hash("sha256", secret);

const SessionRow = z.object({ name: z.string(), approves: z.boolean(), origin: z.string(), open: z.boolean() });
const SESSION = `
  select s.name, s.approves, l.origin, s.ends_at > now() as open
  from page_sessions s join page_links l on l.sha256 = s.link where s.sha256 = $1 and s.secure = $2`;

const FormRow = z.object({ sha256: z.string(), evidence: z.string(), used: z.boolean() });
const FORM =
  "select sha256, evidence, used_at is not null as used from page_forms where session = $1 and job_id = $2 for update";

/**
 * The token of a new form. It takes the place of one that the same browser was shown of the candidate before.
 * @param session the cookie of a session that may decide. @throws DomainError `database_unavailable`
 */
export async function newForm(pool: Pool, session: string, jobId: string, evidence: string): Promise<string> {
  const token = randomBytes(SECRET_BYTES).toString("base64url");
  await run(
    pool,
    `insert into page_forms (session, job_id, sha256, evidence) values ($1, $2, $3, $4)
     on conflict (session, job_id) do update set sha256 = $3, evidence = $4, used_at = null`,
    [digest(session), jobId, digest(token), evidence],
  );
  return token;
}

/**
 * Uses a form up.
 * @param check what must hold of the candidate, asked once it is known who sends the form
 * @returns who decided
 * @throws DomainError `forbidden`, `approval_refused`, or what `check` throws
 */
export async function useForm(
  session: Session,
  form: SentForm & { readonly jobId: string; readonly evidence: string },
  check: () => Promise<void>,
): Promise<string> {
  const { jobId, evidence, token } = form;
  const cookie = form.session ?? "";
  const [known] = await select(session, SessionRow, SESSION, [digest(cookie), form.secure]);
  if (form.session === null) throw forbidden("This browser was not let in to decide.");
  if (known === undefined || !known.open) throw forbidden("The session of this browser has ended, or was revoked.");
  if (!known.approves) throw forbidden("This browser may read, and decides nothing.");
  if (known.origin !== form.origin)
    throw forbidden("The form was sent from another address than the link was made for.");
  await check();
  const [shown] = await select(session, FormRow, FORM, [digest(cookie), jobId]);
  if (shown === undefined) throw refused("This browser was never shown the form of this candidate.");
  if (shown.sha256 !== digest(token)) {
    throw refused(
      "Another tab of this browser has opened the candidate since: only the form that was opened last counts.",
    );
  }
  if (shown.used) throw refused("This form was used before.");
  if (shown.evidence !== evidence) throw refused("This form is of other evidence.");
  await run(session, "update page_forms set used_at = now() where session = $1 and job_id = $2", [
    digest(cookie),
    jobId,
  ]);
  return `${known.name} on the page`;
}

const forbidden = (what: string) =>
  new DomainError("forbidden", {
    what,
    next: "the operator makes a link for it: ktrdr-mcp page-link new --approve --name you; or decides by ktrdr-mcp approve",
  });

const refused = (what: string) =>
  new DomainError("approval_refused", { what, next: "open the candidate again, read it, and use that form" });
