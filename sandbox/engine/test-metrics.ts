import type { Dataset } from "./dataset.ts";
import { score } from "./learner.ts";
import { argmax, type Network } from "./network.ts";

/**
 * Figures of the part that no training saw (docs/ktrdr.md §6.3). Classes: accuracy, unweighted cross entropy, and
 * precision, recall and F1 weighted by class frequency. Regression: `test_accuracy` is the share of right directions,
 * the loss is Huber with delta 1 whatever the training used, the error is absolute. An empty part gives NaN.
 */
export function testMetrics(network: Network, data: Dataset): Record<string, number> {
  const { classes } = data.samples;
  const confusion = Array.from({ length: Math.max(1, classes) }, () => new Float64Array(Math.max(1, classes)));
  let absolute = 0;
  let sameSign = 0;
  const total = score(network, data.samples, data.test, data.testLoss, (outputs, target) => {
    if (classes === 1) {
      absolute += Math.abs((outputs[0] ?? 0) - target);
      if (Math.sign(outputs[0] ?? 0) === Math.sign(target)) sameSign += 1;
    } else {
      const row = confusion[target];
      const guess = argmax(outputs);
      if (row) row[guess] = (row[guess] ?? 0) + 1;
    }
  });
  const { count } = total;
  const test_loss = total.loss / total.weight;
  if (classes === 1) return { test_accuracy: sameSign / count, test_loss, mae: absolute / count };
  return { test_accuracy: total.hits / count, test_loss, ...weightedScores(confusion, count) };
}

function weightedScores(confusion: readonly Float64Array[], count: number): Record<string, number> {
  let precision = 0;
  let recall = 0;
  let f1 = 0;
  for (const [label, row] of confusion.entries()) {
    const actual = row.reduce((sum, value) => sum + value, 0);
    const guessed = confusion.reduce((sum, one) => sum + (one[label] ?? 0), 0);
    const hits = row[label] ?? 0;
    const ownPrecision = guessed === 0 ? 0 : hits / guessed;
    const ownRecall = actual === 0 ? 0 : hits / actual;
    const both = ownPrecision + ownRecall;
    precision += (actual / count) * ownPrecision;
    recall += (actual / count) * ownRecall;
    f1 += (actual / count) * (both === 0 ? 0 : (2 * ownPrecision * ownRecall) / both);
  }
  return { precision, recall, f1_score: f1 };
}
