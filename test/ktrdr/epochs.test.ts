import fc from "fast-check";
import { expect, test } from "vitest";
import { readEpochs } from "../../src/ktrdr/epochs.ts";
import { answering, clientOf } from "./support.ts";

const wire = (epoch: number, loss = epoch) => ({
  epoch,
  train_loss: loss,
  train_accuracy: 0.5,
  val_loss: loss + 1,
  val_accuracy: null,
});
const figures = (epoch: number, loss = epoch) => ({
  epoch,
  valLoss: loss + 1,
  valAccuracy: null,
});

test("the three nestings in use", () => {
  const list = [wire(0), wire(1)];
  const expected = [figures(0), figures(1)];
  expect(readEpochs({ epochs: [[], 0, [wire(0)], 1, list, 2] })).toEqual(expected);
  expect(readEpochs([list, 2])).toEqual(expected);
  expect(readEpochs({ epochs: list })).toEqual(expected);
  for (const nothing of [null, undefined, 5, "x", [[], 0], {}]) expect(readEpochs(nothing)).toEqual([]);
});

test("the last copy of an epoch wins, unless it is unusable", () => {
  expect(readEpochs([[wire(3, 1)], 1, [wire(3, 2)], 2])).toEqual([figures(3, 2)]);
  expect(readEpochs([wire(3, 1), { epoch: 3, train_loss: "x", val_loss: 1 }])).toEqual([figures(3, 1)]);
  for (const epoch of [-1, 1.5, "2", null]) expect(readEpochs([{ ...wire(0), epoch }])).toEqual([]);
});

test("property: any interleaving of growing copies gives one entry an epoch, ascending, from the last copy", () => {
  const polls = fc.array(fc.array(fc.record({ epoch: fc.nat(30), loss: fc.nat(1_000) })), { maxLength: 8 });
  fc.assert(
    fc.property(polls, fc.nat(3), (copies, wraps) => {
      let metrics: unknown = copies.flatMap((copy) => [copy.map(({ epoch, loss }) => wire(epoch, loss)), copy.length]);
      for (let wrap = 0; wrap < wraps; wrap += 1) metrics = wrap % 2 === 0 ? { epochs: metrics } : [metrics, 7];
      const last = new Map(copies.flat().map(({ epoch, loss }) => [epoch, loss]));
      const expected = [...last].toSorted(([a], [b]) => a - b).map(([epoch, loss]) => figures(epoch, loss));
      expect(readEpochs(metrics)).toEqual(expected);
    }),
  );
});

test("depth does not matter", () => {
  let deep: unknown = wire(1);
  for (let level = 0; level < 200_000; level += 1) deep = [deep];
  expect(readEpochs(deep)).toEqual([figures(1)]);
});

test("twenty megabytes of copies come through the client as one list", async () => {
  const copies = 1_000;
  const list = Array.from({ length: 200 }, (_, epoch) => wire(epoch));
  const one = JSON.stringify(list);
  const epochs = Array.from({ length: copies }, () => `${one},200`).join(",");
  const head = '"operation_id":"op","operation_type":"training","status":"running","created_at":"2026-01-01T00:00:00Z"';
  const body = `{"success":true,"data":{${head},"metrics":{"epochs":[${epochs}]}}}`;
  expect(body.length).toBeGreaterThan(15_000_000);
  const operation = await clientOf(await answering(200, body)).operations.get("op");
  expect(operation.epochs).toEqual(list.map(({ epoch }) => figures(epoch)));
});
