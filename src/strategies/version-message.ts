/** The message of a commit that changes strategies. */

export type Change = "created" | "changed" | "removed";

export interface ChangeNote {
  /** The client that asked, or `outside` for changes that others made to the files. */
  readonly author: string;
  /** One line. */
  readonly title: string;
  /** The words of whoever asked; untrusted. */
  readonly reason: string | null;
  readonly experimentId: string | null;
  /** ISO-8601 UTC; absent: now. */
  readonly at?: string;
}

const EXPERIMENT = "Experiment: ";

/** Title, reason, and the experiment in a last paragraph, like git's trailers. */
export function messageOf({ title, reason, experimentId }: ChangeNote): string {
  const paragraphs = [title, ...(reason === null ? [] : [reason.trim()]), `${EXPERIMENT}${experimentId ?? "none"}`];
  return `${paragraphs.join("\n\n")}\n`;
}

/** Reads a message of ours. Of another message, all of it is the reason. */
export function readMessage(message: string): Pick<ChangeNote, "reason" | "experimentId"> {
  const paragraphs = message.trimEnd().split("\n\n");
  const facts = paragraphs.at(-1) ?? "";
  if (paragraphs.length < 2 || !facts.startsWith(EXPERIMENT)) {
    return { reason: message.trim() === "" ? null : message.trim(), experimentId: null };
  }
  const experimentId = facts.slice(EXPERIMENT.length);
  const reason = paragraphs.slice(1, -1).join("\n\n");
  return { reason: reason === "" ? null : reason, experimentId: experimentId === "none" ? null : experimentId };
}
