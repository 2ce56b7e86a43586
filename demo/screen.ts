import { forTerminal } from "../src/domain/plain-text.ts";

/** What the demo shows: a live bar on a terminal, plain lines anywhere else. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

export interface Screen {
  readonly colours: boolean;
  heading(text: string): void;
  line(text: string): void;
  /** Prints a text of our own, whose colours are kept. */
  picture(text: string): void;
  /** Shows the state of a job; percent is 0..100. */
  progress(percent: number, text: string): void;
}

const BAR_WIDTH = 30;
const CLEAR_LINE = "\r\u001B[2K";

export function createScreen(out: Output): Screen {
  const live = out.isTTY === true;
  let barShown = false;
  let lastPlain = "";
  const indented = (text: string) => print(`  ${text.replaceAll("\n", "\n  ")}`);
  const print = (text: string) => {
    out.write(`${barShown ? CLEAR_LINE : ""}${text}\n`);
    barShown = false;
  };
  return {
    colours: live,
    heading: (text) => print(`\n${live ? `\u001B[1m${text}\u001B[22m` : `== ${text}`}`),
    line: (text) => indented(forTerminal(text)),
    picture: indented,
    progress(percent, said) {
      const text = forTerminal(said);
      if (live) {
        out.write(`${CLEAR_LINE}  ${bar(percent)} ${text}`);
        barShown = true;
        return;
      }
      // One line for every 10 % and for every new text; a text with other numbers is not new.
      const plain = `${Math.floor(percent / 10)} ${text.replaceAll(/[\d.]+/g, "#")}`;
      if (plain !== lastPlain) print(`  ${Math.round(percent)} % ${text}`);
      lastPlain = plain;
    },
  };
}

function bar(percent: number): string {
  const full = Math.round((Math.min(100, Math.max(0, percent)) / 100) * BAR_WIDTH);
  return `${"█".repeat(full)}${"░".repeat(BAR_WIDTH - full)} ${String(Math.round(percent)).padStart(3)} %`;
}
