/**
 * SQL: whether a backtest's request or result is that of a part: a prefix of a measurement, a window of a walk-forward, or
 * a watch of a champion (`partOf` in domain/batch.ts). The words are those of the indexes of migration 0016.
 */
export const isPart = (json: string): string => `${json} ?| '{measures,walks,watches}'::text[]`;
