/**
 * SQL: whether a backtest's request or result is that of a part: a prefix of a measurement, or a window of a walk-forward
 * (`partOf` in domain/batch.ts). The words are those of the indexes of migration 0014.
 */
export const isPart = (json: string): string => `${json} ?| '{measures,walks}'::text[]`;
