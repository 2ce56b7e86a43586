/**
 * Turning points of a series, as KTRDR finds them. The first bar counts as one. An extreme counts once the price has
 * moved `threshold` (ratio) away from it. The last extreme moves on with the price: it repaints. Indices ascending. A
 * series without any such move has only its first bar.
 */
export function findPivots(prices: Float64Array, threshold: number): number[] {
  const price = (index: number): number => prices[index] ?? Number.NaN;
  const pivots = [0];
  let side = 0;
  let extreme = 0;
  for (let i = 1; i < prices.length; i++) {
    const move = (price(i) - price(extreme)) / price(extreme);
    const onward = side * (price(i) - price(extreme));
    if (side === 0 ? Math.abs(move) >= threshold : onward > 0) {
      if (side === 0) side = Math.sign(move);
      else pivots.pop();
    } else if (side !== 0 && -side * move >= threshold) side = -side;
    else continue;
    pivots.push(i);
    extreme = i;
  }
  return pivots;
}
