/** A turning point: 1 a high, -1 a low. */
export interface Pivot {
  readonly index: number;
  readonly side: 1 | -1;
}

/**
 * Turning points of a series: an extreme counts once the price has moved `threshold` (ratio) away from it. The last,
 * unconfirmed extreme is included; a series without any such move has none.
 */
export function findPivots(prices: Float64Array, threshold: number): Pivot[] {
  const price = (index: number): number => prices[index] ?? Number.NaN;
  const pivots: Pivot[] = [];
  let side: 0 | 1 | -1 = 0;
  let low = 0;
  let high = 0;
  for (let i = 1; i < prices.length; i++) {
    if (side !== -1 && price(i) > price(high)) high = i;
    if (side !== 1 && price(i) < price(low)) low = i;
    if (side !== 1 && price(i) >= price(low) * (1 + threshold)) {
      pivots.push({ index: low, side: -1 });
      side = 1;
      high = i;
    } else if (side !== -1 && price(i) <= price(high) * (1 - threshold)) {
      pivots.push({ index: high, side: 1 });
      side = -1;
      low = i;
    }
  }
  if (side !== 0) pivots.push({ index: side === 1 ? high : low, side });
  return pivots;
}
