/** Whether every line of the ledger is what it was. The whole chain is read when this view is opened. */
import { isDomainError } from "../../domain/errors.ts";
import type { CheckedLedger } from "../../research/overview/ledger-check.ts";
import type { MakeView } from "../request.ts";
import { facts, paragraph, section, type Section, type Tone } from "../view.ts";
import { counted } from "../words.ts";

export const ledgerVerification: MakeView = async ({ deps }) => {
  const checked = await deps.checkLedger();
  return {
    title: "Is every line what it was?",
    ...answerOf(checked),
    sections: [...wrongSection(checked), comparedSection(checked)],
  };
};

function answerOf({ head, wrong, anchors }: CheckedLedger): { readonly lead: string; readonly tone: Tone } {
  if (wrong.length > 0) {
    return {
      lead: `No: ${counted(wrong.length, "thing is", "things are")} wrong. Counts and luck cannot be trusted until that is explained.`,
      tone: "bad",
    };
  }
  if (head === null)
    return { lead: "The ledger is empty, and no backtest is on record that should have a line.", tone: "good" };
  const lines = `${counted(head.seq, "line")}: each follows the one before it, and every backtest has its line`;
  const kept = isDomainError(anchors) ? [] : anchors;
  if (kept.length === 0) {
    return {
      lead: `As far as the database alone can tell, yes. ${lines}. But no hash that was kept elsewhere was at hand: whoever owns the database could have written all of it anew.`,
      tone: "doubt",
    };
  }
  const hashes = `${counted(kept.length, "hash that was kept elsewhere agrees", "hashes that were kept elsewhere agree")}, up to line ${newestOf(kept)}`;
  return { lead: `Yes. ${lines}; ${hashes}.`, tone: "good" };
}

const newestOf = (kept: readonly { readonly seq: number }[]): number =>
  kept.reduce((newest, { seq }) => Math.max(newest, seq), 0);

const wrongSection = ({ wrong }: CheckedLedger): Section[] =>
  wrong.length === 0
    ? []
    : [section("What is wrong", { kind: "list", lines: wrong }, paragraph("At most twenty things are listed."))];

function comparedSection({ head, anchors }: CheckedLedger): Section {
  return section(
    "What was compared",
    facts({
      lines: String(head?.seq ?? 0),
      "hash of the last line": head?.hash ?? null,
      "hashes in versions of strategies": isDomainError(anchors) ? null : String(anchors.length),
    }),
    ...(isDomainError(anchors)
      ? [paragraph(`The hashes that versions of strategies keep cannot be read now: ${anchors.what}`, "bad")]
      : []),
    paragraph(
      "Every hash was computed anew, from the first line on. Each saved strategy keeps the hash of the line that was the last one then, outside the database. Backups keep one too: the operator compares with it by `ktrdr-mcp ledger verify --backup FOLDER`.",
    ),
  );
}
