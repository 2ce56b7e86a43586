/** The one thing that may be sent to the page: a human's decision about a candidate. */
import { Hono, type Context, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { isDomainError, type DomainError } from "../domain/errors.ts";
import type { HumanDecision, SentForm } from "../domain/registry/decision.ts";
import { DECISIONS } from "../domain/registry/stage.ts";
import type { Logger } from "../logger.ts";
import type { HttpEnv } from "./bindings.ts";
import { APPROVALS } from "./page-address.ts";
import type { documentWith } from "./page-answers.ts";
import { decided, DOOR, undecided } from "./page-answers.ts";
import { decidingCookie } from "./page-cookie.ts";
import type { Work } from "./work.ts";

/**
 * Writes a decision down, has it carried out, and says what became of it.
 * @throws DomainError `forbidden`, `not_waiting`, `evidence_changed`, `approval_refused`, `candidate_not_found`
 */
export type Decide = (decision: HumanDecision, form: SentForm) => Promise<string>;

interface ApprovalParts {
  readonly decide: Decide;
  readonly says: ReturnType<typeof documentWith>;
  readonly work: Work;
  readonly log: Logger;
}

/** More than a name, a reason and three secrets take. */
const MOST_FORM_BYTES = 8_000;
const MOST_REASON_CHARS = 300;

const STATUS: Readonly<Record<string, 403 | 404 | 409>> = {
  forbidden: 403,
  candidate_not_found: 404,
  task_not_found: 404,
};

/** Answers POST at a candidate. Who sends from elsewhere was refused before, by the guard of the page. */
export function approvalDoor({ decide, says, work, log }: ApprovalParts): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>();
  const small = bodyLimit({ maxSize: MOST_FORM_BYTES, onError: (context) => context.html(says(DOOR.tooLarge), 413) });
  app.post(`${APPROVALS}/:id`, unknown, work.bounded, small, async (context) => {
    if (context.req.header("authorization") !== undefined) return await context.html(says(DOOR.tokenApproves), 403);
    const jobId = context.req.param("id");
    const sent = new URLSearchParams(await context.req.text());
    const decision = decisionOf(jobId, sent);
    if (decision === null) return await context.html(says(DOOR.noForm), 400);
    try {
      const outcome = await decide(decision, formOf(context, sent));
      log.info({ jobId, decision: decision.decision, outcome }, "a human decided on the page");
      return await context.html(says(decided(jobId, outcome)));
    } catch (error) {
      if (!isDomainError(error) || error.code === "internal") throw error;
      log.warn({ jobId, decision: decision.decision, code: error.code }, "a decision on the page was refused");
      return await context.html(says(undecided(jobId, error)), statusOf(error));
    }
  });
  return app;
}

/** Only the record can tell who decides; until then whoever sends takes a place of those whom nobody knows. */
const unknown: MiddlewareHandler<HttpEnv> = async (context, next) => {
  context.set("reader", { name: null, scope: "read", approver: null });
  await next();
};

const statusOf = ({ code, retryable }: DomainError) => STATUS[code] ?? (retryable ? 503 : 409);

function decisionOf(jobId: string, sent: URLSearchParams): HumanDecision | null {
  const decision = DECISIONS.find((one) => one === sent.get("decision"));
  const reason = sent.get("reason")?.trim() ?? "";
  const lacksReason = decision === "reject" && reason === "";
  if (decision === undefined || lacksReason || reason.length > MOST_REASON_CHARS) return null;
  const [name, evidence] = [sent.get("name") ?? "", sent.get("evidence") ?? ""];
  return { jobId, decision, name: name.trim(), evidence, reason: reason === "" ? null : reason };
}

function formOf(context: Context, sent: URLSearchParams): SentForm {
  const cookie = decidingCookie(context);
  return {
    session: cookie?.secret ?? null,
    secure: cookie?.secure ?? false,
    origin: context.req.header("origin") ?? "",
    token: sent.get("token") ?? "",
  };
}
