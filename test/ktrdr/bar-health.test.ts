import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BarHealth } from "../../src/domain/bars/defect.ts";
import { defectLine } from "../../src/domain/bars/words.ts";
import { DomainError } from "../../src/domain/errors.ts";
import { answeredHealth } from "../../src/ktrdr/answered-health.ts";
import type { Bar, BarWindow } from "../../src/ktrdr/data.ts";
import { createPriceFiles, type PriceFiles } from "../../src/ktrdr/price-files.ts";
import { CALENDARS, HEADER, putFile, rowsAt, stamp, textOf } from "../support/price-file.ts";

const TIMES = CALENDARS["stock 1d"]("2015-01-01", "2015-12-31");
const ROWS = rowsAt(TIMES);
const lines = ({ defects }: BarHealth): string[] => defects.map(defectLine);
const each = (how: (cells: string[]) => readonly (string | undefined)[]): string[] =>
  ROWS.map((row) => how(row.split(",")).join(","));
const american = (iso = "") => `${iso.slice(5, 7)}/${iso.slice(8, 10)}/${iso.slice(0, 4)}`;
const european = (iso = "") => `${iso.slice(8, 10)}/${iso.slice(5, 7)}/${iso.slice(0, 4)}`;
const at = (index: number, row: string): string[] => ROWS.map((old, place) => (place === index ? row : old));
const day = ROWS[9]?.slice(0, 20) ?? "";

describe("a file is read as KTRDR's loader reads it", () => {
  let dir: string;
  let files: PriceFiles;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "ktrdr-mcp-odd-"));
    files = createPriceFiles(dir, { warn: () => undefined });
  });
  afterAll(() => rm(dir, { recursive: true }));

  const judged = async (text: string, timeframe = "1d") => {
    await putFile(dir, `ODD_${timeframe}.csv`, text);
    const health = await files.health("ODD", timeframe);
    if (health === undefined) throw new Error("the file was left to KTRDR");
    return health;
  };

  test.each<[string, string, RegExp]>([
    [
      "semicolons and decimal commas",
      textOf(ROWS).replaceAll(",", ";").replaceAll(".", ","),
      /separated by ";", and numbers have decimal commas/,
    ],
    ["semicolons", textOf(ROWS).replaceAll(",", ";"), /separated by ";"\. First: line 1/],
    ["tabs", textOf(ROWS).replaceAll(",", "\t"), /separated by tabs/],
    ["no names of columns", `${ROWS.join("\n")}\n`, /first line holds a bar/],
    [
      "closes alone",
      textOf(
        each((cells) => [cells[0], cells[4]]),
        "timestamp,close",
      ),
      /no column open, high, low, volume/,
    ],
    [
      "no price at all",
      textOf(
        each((cells) => [cells[0], cells[5]]),
        "timestamp,volume",
      ),
      /no column for prices/,
    ],
    ["nothing", "", /it is empty/],
    ["no bars", `${HEADER}\n`, /it has no bars/],
    ["a line with more columns", textOf(at(9, `${ROWS[9]},7`)), /line 11 has more columns/],
    ["milliseconds", textOf(each(([time, ...rest]) => [String(Date.parse(time ?? "")), ...rest])), /times are numbers/],
    [
      "seconds",
      textOf(each(([time, ...rest]) => [String(Date.parse(time ?? "") / 1e3), ...rest])),
      /times are numbers/,
    ],
    ["american dates", textOf(each(([time, ...rest]) => [american(time), ...rest])), /written like 01\/05\/2015/],
    ["european dates", textOf(each(([time, ...rest]) => [european(time), ...rest])), /written like 05\/01\/2015/],
    ["a word for a price", textOf(at(9, `${day},1,2,0.5,n.a.,5`)), /1 bar has a word.*line 11/],
    ["thousands with commas", textOf(at(9, `${day},"1,000.5",1002,1000,1001,5`)), /comma for thousands.*line 11/],
    ["an empty price", textOf(at(9, `${day},100,102,,101,5`)), /1 bar has a price that is no number.*line 11/],
    ["an empty row", textOf(at(9, `${day},,,,,`)), /1 bar is empty.*line 11/],
    ["an endless price", textOf(at(9, `${day},100,inf,99,101,5`)), /1 bar has a price that is no number/],
    ["a time that is none", textOf(at(9, "yesterday,100,102,99,101,5")), /time of 1 bar cannot be read.*line 11/],
    [
      "a second download in another form",
      textOf([...ROWS.slice(0, 99), ...each(([t, ...r]) => [t?.slice(0, 10), ...r]).slice(99)]),
      /time of 157 bars cannot be read.*line 101/,
    ],
    ["a trailing total", `${textOf(ROWS)}Total,,,,,123456\n`, /time of 1 bar cannot be read.*line 258/],
    ["a named zone", textOf(each(([t, ...rest]) => [t?.replace("T", " ").replace("Z", " EST"), ...rest])), /zone EST/],
    [
      "winter and summer under a name that is not known",
      textOf(
        each(([t, ...rest]) => [t?.replace("Z", Number(t?.slice(5, 7)) > 6 ? "-04:00" : "-05:00"), ...rest]),
        HEADER.replace("timestamp", "Datetime"),
      ),
      /cannot read the times of the first column \(Datetime\)/,
    ],
    [
      "milliseconds under a name that is not known",
      textOf(
        each(([t, ...rest]) => [String(Date.parse(t ?? "")), ...rest]),
        HEADER.replace("timestamp", "open_time"),
      ),
      /times of the first column \(open_time\)/,
    ],
    [
      "names of columns in another language",
      textOf(ROWS, "Datum,Eröffnung,Hoch,Tief,Schluss,Volumen"),
      /no column for prices; it has datum, eröffnung/,
    ],
    ["decimal commas between commas", textOf(ROWS).replaceAll(".", ","), /has more columns than the first/],
    [
      "decimal commas in quotes",
      textOf(each(([t, ...p]) => [t, ...p.map((x) => `"${x?.replace(".", ",")}"`)])),
      /256 bars have a word, or a comma/,
    ],
    ["a volume below zero", textOf(at(9, `${day},100,102,99,101,-500`)), /1 bar has a negative volume.*line 11/],
    [
      "no volume",
      textOf(
        each((cells) => cells.slice(0, 5)),
        "timestamp,open,high,low,close",
      ),
      /no column volume/,
    ],
    ["a day that is none", textOf(at(9, "2015-02-31T00:00:00Z,100,102,99,101,5")), /time of 1 bar cannot be read/],
  ])("%s", async (_name, text, told) => {
    expect(lines(await judged(text)).join(" ")).toMatch(told);
  });

  test("date and time in two columns", async () => {
    const hours = rowsAt(CALENDARS["stock 1h"]("2021-03-01", "2021-03-31")).map((row) =>
      row.replace("T", ",").replace("Z", ""),
    );
    const told = lines(await judged(textOf(hours, "date,time,open,high,low,close,volume"), "1h"));
    expect(told.join(" ")).toMatch(/Date and time are two columns.*are there twice|times? of the bar before/);
  });

  test.each<[string, string]>([
    ["as KTRDR writes it", textOf(ROWS)],
    ["with a byte order mark and line ends of Windows", `\uFEFF${textOf(ROWS).replaceAll("\n", "\r\n")}`],
    [
      "with more columns, in another order, in capitals",
      textOf(
        each(([t, o, h, l, c, v]) => [t?.slice(0, 10), v, o, h, l, c, c]),
        "Date,Volume,Open,High,Low,Close,Adj Close",
      ),
    ],
    ["with days without dashes", textOf(each(([t, ...rest]) => [t?.slice(0, 10).replaceAll("-", ""), ...rest]))],
    ["with an offset", textOf(each(([t, ...rest]) => [t?.replace("Z", "+00:00"), ...rest]))],
    ["with the volume -1 of currencies", textOf(each((cells) => [...cells.slice(0, 5), "-1"]))],
    ["with line ends of an old Mac", textOf(ROWS).replaceAll("\n", "\r")],
    ["with the zone UTC", textOf(each(([t, ...rest]) => [t?.replace("T", " ").replace("Z", " UTC"), ...rest]))],
    [
      "with dots, as terminals write them",
      textOf(each(([t, ...rest]) => [t?.slice(0, 10).replaceAll("-", "."), ...rest])),
    ],
    ["with halves of a day", textOf(each(([t, ...rest]) => [`${t?.slice(0, 10)} 12:00:00 AM`, ...rest]))],
    [
      "with names of months",
      textOf(
        each(([t, ...rest]) => [
          `${t?.slice(8, 10)}-${"JanFebMarAprMayJunJulAugSepOctNovDec".slice(Number(t?.slice(5, 7)) * 3 - 3, Number(t?.slice(5, 7)) * 3)}-${t?.slice(0, 4)}`,
          ...rest,
        ]),
      ),
    ],
    [
      "with winter and summer under a known name",
      textOf(each(([t, ...rest]) => [t?.replace("Z", Number(t?.slice(5, 7)) > 6 ? "-04:00" : "-05:00"), ...rest])),
    ],
    ["with times at the close", textOf(each(([t, ...rest]) => [t?.replace("T00:00:00Z", " 23:59:59.999"), ...rest]))],
    ["with empty lines", `${HEADER}\n\n${ROWS.join("\n\n")}\n\n`],
  ])("a sound file %s has no word", async (_name, text) => {
    expect(lines(await judged(text))).toEqual([]);
  });

  test("a report is made once for each content, and anew when the file changes", async () => {
    const first = await judged(textOf(ROWS));
    expect(await files.health("ODD", "1d")).toBe(first);
    const second = await judged(textOf(at(9, `${day},0,0,0,0,0`)));
    expect(lines(second)).toEqual([expect.stringContaining("1 bar has a price of 0")]);
  });
});

describe("where only KTRDR's answers can be seen", () => {
  const REASON = "a time that cannot be read";
  /** Answers as KTRDR does: one bad bar makes it refuse the whole range. */
  const answering = (bad: ReadonlySet<number>, timeless = false) => {
    let asked = 0;
    const range = { startDate: stamp(TIMES[0] ?? 0), endDate: stamp(TIMES.at(-1) ?? 0), points: TIMES.length };
    const data = {
      range: async () => range,
      async bars(_symbol: string, _timeframe: string, window: BarWindow) {
        asked += 1;
        const [from, to] = [
          Date.parse(`${window.startDate ?? "2000-01-01T00:00:00"}Z`),
          Date.parse(`${window.endDate ?? "2030-01-01T00:00:00"}Z`),
        ];
        const inside = TIMES.map((_time, index) => index).filter(
          (index) => (TIMES[index] ?? 0) >= from && (TIMES[index] ?? 0) <= to,
        );
        if (inside.some((index) => bad.has(index)) || (timeless && window.startDate === undefined)) {
          throw new DomainError("bars_refused", { what: "KTRDR's API refuses the bars.", why: REASON });
        }
        const ohlcv = inside.map((index) => (ROWS[index] ?? "").split(",").slice(1).map(Number) as unknown as Bar);
        return { times: inside.map((index) => stamp(TIMES[index] ?? 0)), ohlcv, limited: false };
      },
    };
    return { data, asked: () => asked };
  };

  test.each([[[0]], [[TIMES.length - 1]], [[100]], [[100, 101]], [[5, 200]]])(
    "the bars %j because of which a range is refused are found",
    async (bad) => {
      const { data, asked } = answering(new Set(bad));
      const health = await answeredHealth(data, "ODD", "1d", {}, undefined);
      expect(health.defects.map(({ kind }) => kind)).toEqual(["refused"]);
      expect(Array.from(health.defects[0]?.at ?? [])).toEqual(bad.map((index) => TIMES[index]));
      expect(health.defects[0]?.detail).toBe(bad.map((index) => `${stamp(TIMES[index] ?? 0)}: ${REASON}`).join("; "));
      expect(asked()).toBeLessThanOrEqual(64);
    },
  );

  test("when every bar is bad the search ends", async () => {
    const { data, asked } = answering(new Set(TIMES.keys()));
    const health = await answeredHealth(data, "ODD", "1d", {}, undefined);
    expect(health.defects.map(({ kind }) => kind)).toContain("refused");
    expect(asked()).toBeLessThanOrEqual(64);
  });

  test("a bar without a time lies on no dates, and is told all the same", async () => {
    const health = await answeredHealth(answering(new Set(), true).data, "ODD", "1d", {}, undefined);
    expect(lines(health)).toEqual(["KTRDR's API refuses these bars (a time that cannot be read)."]);
  });
});
