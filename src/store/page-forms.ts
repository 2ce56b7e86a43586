/** The forms by which a browser decides: each is for one session, candidate and evidence, and is used once. */
import { hash, randomBytes } from "node:crypto";
import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import type { HumanDecision, SentForm } from "../domain/registry/decision.ts";
import { run, select, type Pool, type Session } from "./pool.ts";

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
 * Who may decide by the browser that sent a form.
 * @throws DomainError `forbidden` for nobody
 */
export async function whoDecides(session: Session, form: SentForm): Promise<string> {
  if (form.session === null) throw forbidden("This browser was not let in to decide.");
  const [known] = await select(session, SessionRow, SESSION, [digest(form.session), form.secure]);
  if (known === undefined || !known.open) throw forbidden("The session of this browser has ended, or was revoked.");
  if (!known.approves) throw forbidden("This browser may read, and decides nothing.");
  if (known.origin !== form.origin) {
    throw forbidden("The form was sent from another address than the link was made for.");
  }
  return `${known.name} on the page`;
}

/**
 * Uses a form up, of a browser that may decide.
 * @throws DomainError `approval_refused`
 */
export async function useForm(
  session: Session,
  { session: cookie, token, jobId, evidence }: SentForm & Pick<HumanDecision, "jobId" | "evidence">,
): Promise<void> {
  const key = [digest(cookie ?? ""), jobId];
  const [shown] = await select(session, FormRow, FORM, key);
  if (shown === undefined) throw refused("This browser was never shown the form of this candidate.");
  if (shown.sha256 !== digest(token)) {
    throw refused(
      "Another tab of this browser has opened the candidate since: only the form that was opened last counts.",
    );
  }
  if (shown.used) throw refused("This form was used before.");
  if (shown.evidence !== evidence) throw refused("This form is of other evidence.");
  await run(session, "update page_forms set used_at = now() where session = $1 and job_id = $2", key);
}

const forbidden = (what: string) =>
  new DomainError("forbidden", {
    what,
    next: "the operator makes a link for it: ktrdr-mcp page-link new --approve --name you; or decides by ktrdr-mcp approve",
  });

const refused = (what: string) =>
  new DomainError("approval_refused", { what, next: "open the candidate again, read it, and use that form" });
