import { expect, test } from "vitest";
import { createKeptUntilTrial, type KeptUntilTrial } from "../../src/store/kept-until-trial.ts";

const book = () => {
  let seq = 0;
  let reads = 0;
  const kept = createKeptUntilTrial(async () => (seq === 0 ? null : { seq, hash: `hash ${seq}` }));
  return {
    kept,
    add: () => void (seq += 1),
    reads: () => reads,
    count: async (...key: string[]) => await kept(key, async () => `${key.join()} at ${seq}, read ${(reads += 1)}`),
  };
};

test("what is known is read again only when a line was added", async () => {
  const { count, add } = book();
  expect([await count("a"), await count("a")]).toEqual(["a at 0, read 1", "a at 0, read 1"]);
  add();
  expect([await count("a"), await count("a")]).toEqual(["a at 1, read 2", "a at 1, read 2"]);
});

test("every key is read by itself", async () => {
  const { count } = book();
  expect([await count("a", "b"), await count("a,b"), await count("b")]).toEqual([
    "a,b at 0, read 1",
    "a,b at 0, read 2",
    "b at 0, read 3",
  ]);
});

test("who asks together reads once", async () => {
  const { count, reads } = book();
  await Promise.all(Array.from({ length: 20 }, async () => await count("a")));
  expect(reads()).toBe(1);
});

test("a reading that failed is made again; so is one whose ledger did not answer", async () => {
  const answers = [new Error("the database is away"), "there"];
  const read = async () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const kept: KeptUntilTrial = createKeptUntilTrial(async () => null);
  await expect(kept(["a"], read)).rejects.toThrow("away");
  expect(await kept(["a"], read)).toBe("there");
  const away = createKeptUntilTrial(async () => await Promise.reject(new Error("no head")));
  await expect(away(["a"], async () => "never")).rejects.toThrow("no head");
});
