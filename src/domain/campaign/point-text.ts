/** The strategy that a point of a campaign is. */
import { mutated } from "../strategy/mutate.ts";
import { changesOf } from "./changes.ts";
import type { Dimension, Point } from "./dimension.ts";

export interface PointStrategy {
  readonly name: string;
  readonly text: string;
  /** SHA-256 of the text. */
  readonly sha256: string;
}

interface Made {
  readonly campaignId: string;
  readonly baseName: string;
  readonly baseText: string;
  readonly dimensions: readonly Dimension[];
  readonly point: { readonly n: number; readonly values: Point };
  readonly epochs: number;
  /** Index in the ladder; null for the last rung, whose strategy is the point's own. */
  readonly rung: number | null;
  readonly sha256: (text: string) => string;
}

/** Leaves room for what follows: a name has at most 100 characters. */
const BASE_CHARS = 70;
const ID_CHARS = 6;

/** The beginning of the names of all its strategies. */
export const nameBegin = (campaignId: string, baseName: string): string =>
  `${baseName.slice(0, BASE_CHARS)}_c${campaignId.slice(-ID_CHARS)}_p`;

/** The same point with another number of epochs is another strategy, because its text is another. */
export function pointStrategy({
  campaignId,
  baseName,
  baseText,
  dimensions,
  point,
  epochs,
  rung,
  sha256,
}: Made): PointStrategy {
  const name = `${nameBegin(campaignId, baseName)}${point.n}${rung === null ? "" : `_r${rung + 1}`}`;
  const changes = [
    ...changesOf(dimensions, point.values, baseText),
    { op: "set_training" as const, value: { epochs } },
  ];
  const text = mutated(baseText, changes, name);
  return { name, text, sha256: sha256(text) };
}
