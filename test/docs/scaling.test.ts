/** docs/scaling.md names only benchmarks, tests, settings, pages and limits that are there. */
import { access, readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { readCompose } from "../../scripts/production/compose.ts";
import { ConfigSchema } from "../../src/config.ts";
import { ROOT } from "../../src/root.ts";

const read = async (file: string) => await readFile(path.join(ROOT, file), "utf8");
const page = await read("docs/scaling.md");
const named = (pattern: RegExp) => [...new Set(Array.from(page.matchAll(pattern), ([, name = ""]) => name))];

test("every benchmark, test and page it names exists", async () => {
  const files = [
    ...named(/((?:bench|test)\/[\w/-]+\.(?:bench|test)\.ts)/g),
    ...named(/\]\(([\w/-]+\.md)\)/g).map((link) => `docs/${link}`),
  ];
  expect(files.length).toBeGreaterThan(8);
  await Promise.all(files.map(async (file) => await access(path.join(ROOT, file))));
});

test("every setting it names is one", async () => {
  const temporal = readCompose(await read("docker-compose.yml")).services["temporal"]?.environment ?? {};
  const known = [...Object.keys(ConfigSchema.shape), ...Object.keys(temporal)];
  const settings = named(/`([A-Z]+(?:_[A-Z]+)+)`/g);
  expect(settings.length).toBeGreaterThan(4);
  expect(known).toEqual(expect.arrayContaining(settings));
});

test("the limits it gives are those of the code", async () => {
  const numbers = (text: string, pattern: RegExp) =>
    (pattern.exec(text) ?? []).slice(1).map((found) => Number(found.replaceAll(/[_,]/g, "")));
  const places = numbers(await read("src/http/server.ts"), /PLACES = \{ all: (\d+), each: (\d+)/);
  expect(numbers(page, /(\d+) requests in work, (\d+) of one caller/)).toEqual(places);
  const worker = await read("src/temporal/worker.ts");
  expect(numbers(page, /([\d,]+) slots for waiting, (\d+) for everything else/)).toEqual([
    ...numbers(worker, /WAITING_SLOTS = ([\d_]+)/),
    ...numbers(worker, /CONTROL_SLOTS = ([\d_]+)/),
  ]);
  const compose = await read("docker-compose.yml");
  expect(numbers(page, /`max_connections` \((\d+)/)).toEqual(numbers(compose, /max_connections=(\d+)/));
  expect(numbers(page, /`NUM_HISTORY_SHARDS` \((\d+)\)/)).toEqual(numbers(compose, /NUM_HISTORY_SHARDS: "(\d+)"/));
});
