declare module "asciichart" {
  export const blue: string;
  export const yellow: string;
  export function plot(
    series: readonly (readonly number[])[],
    options?: { height?: number; colors?: readonly string[]; format?: (value: number) => string },
  ): string;
}
