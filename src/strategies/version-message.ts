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
  /** The last line of the ledger of trials at that time, kept here so that nobody can write the ledger anew unseen. */
  readonly ledger?: LedgerMark | null;
}

/** Number and hash of a line of the ledger. */
export interface LedgerMark {
  readonly seq: number;
  /** 64 hexadecimal digits. */
  readonly hash: string;
}

const EXPERIMENT = "Experiment: ";
const LEDGER = /\nLedger: ([1-9]\d{0,14}) ([0-9a-f]{64})$/;

/** Title, reason, and experiment and ledger in a last paragraph, like git's trailers. */
export function messageOf({ title, reason, experimentId, ledger = null }: ChangeNote): string {
  const mark = ledger === null ? "" : `\nLedger: ${ledger.seq} ${ledger.hash}`;
  const facts = `${EXPERIMENT}${experimentId ?? "none"}${mark}`;
  const paragraphs = [title, ...(reason === null ? [] : [reason.trim()]), facts];
  return `${paragraphs.join("\n\n")}\n`;
}

/** Reads a message of ours. Of another message, all of it is the reason. */
export function readMessage(message: string): Pick<ChangeNote, "reason" | "experimentId"> {
  const paragraphs = message.trimEnd().split("\n\n");
  const facts = paragraphs.at(-1) ?? "";
  if (paragraphs.length < 2 || !facts.startsWith(EXPERIMENT)) {
    return { reason: message.trim() === "" ? null : message.trim(), experimentId: null };
  }
  const experimentId = facts.replace(LEDGER, "").slice(EXPERIMENT.length);
  const reason = paragraphs.slice(1, -1).join("\n\n");
  return { reason: reason === "" ? null : reason, experimentId: experimentId === "none" ? null : experimentId };
}

/** The line of the ledger that a message of ours names; null when it names none. */
export function ledgerMarkOf(message: string): LedgerMark | null {
  const facts = message.trimEnd().split("\n\n").at(-1) ?? "";
  const [, seq, hash] = (facts.startsWith(EXPERIMENT) ? LEDGER.exec(facts) : null) ?? [];
  return seq === undefined || hash === undefined ? null : { seq: Number(seq), hash };
}
