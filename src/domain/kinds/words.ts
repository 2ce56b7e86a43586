/** Figures in headlines. */
export const percentText = (ratio: number | null, digits = 1): string =>
  ratio === null ? "unknown" : `${(ratio * 100).toFixed(digits)} %`;

export const lossText = (value: number | null): string => (value === null ? "unknown" : value.toPrecision(4));

export const datesText = ({ startDate, endDate }: { readonly startDate: string; readonly endDate: string }): string =>
  `${startDate.slice(0, 10)} to ${endDate.slice(0, 10)}`;
