/** Where a browser is let in. */
export const ENTER = "/enter";
/** The name of the secret in the link, and in the form that sends it on. */
export const LINK = "link";

/** @param origin scheme, host and port of the server as browsers type them */
export const linkTo = (origin: string, secret: string): string => `${origin}${ENTER}?${LINK}=${secret}`;
