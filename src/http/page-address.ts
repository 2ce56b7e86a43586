/** Where a browser is let in. */
export const ENTER = "/enter";
/** Where a browser is let in that shall decide about candidates, also where everybody may read. */
export const ENTER_APPROVING = "/enter/approving";
/** Where candidates are shown, and their forms are sent to: with an id behind it. */
export const APPROVALS = "/approvals";
/** The name of the secret in the link, and in the form that sends it on. */
export const LINK = "link";

/** @param origin scheme, host and port of the server as browsers type them */
export const linkTo = (origin: string, secret: string, approves = false): string =>
  `${origin}${approves ? ENTER_APPROVING : ENTER}?${LINK}=${secret}`;
