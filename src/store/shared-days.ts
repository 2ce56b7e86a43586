/** SQL for `overlaps` (domain/market-data.ts) of windows in columns or JSON: both ends belong to each, as text YYYY-MM-DD. */
export const sharedDays = (start: string, end: string, otherStart: string, otherEnd: string): string =>
  `(${day(start)} <= ${day(otherEnd)} and ${day(otherStart)} <= ${day(end)})`;

const day = (stamp: string): string => `left(${stamp}, 10)`;
