/**
 * When further brackets of a search bring nothing: the last ones found no loss that is lower by more than draws of one
 * point differ. Losses of different labels cannot be compared, so brackets given here have the same labels.
 */
import { lossText } from "../kinds/words.ts";
import { median } from "../statistics.ts";

/** How far a bracket came. Losses are validation losses, as the strategy's loss function gives them. */
export interface BracketEnd {
  /** The median loss of its best point on the last rung. */
  readonly best: number;
  /** Standard deviation of the losses of that point's draws. */
  readonly spread: number;
}

/** One bracket without gain is often bad luck. */
const WITHOUT_GAIN = 2;

interface Gain {
  /** The lowest loss before the last brackets. */
  readonly before: number;
  /** By how much they lowered it; negative when they did not reach it. */
  readonly gain: number;
  /** By how much draws of one point differ. Two or three draws tell it badly, so it is the median of all brackets. */
  readonly spread: number;
}

/** Null while there is no bracket to compare the last ones with. */
function gainOf(brackets: readonly BracketEnd[]): Gain | null {
  const [earlier, last] = [brackets.slice(0, -WITHOUT_GAIN), brackets.slice(-WITHOUT_GAIN)];
  if (earlier.length === 0) return null;
  const before = Math.min(...earlier.map(({ best }) => best));
  const now = Math.min(...last.map(({ best }) => best));
  return { before, gain: before - now, spread: median(brackets.map(({ spread }) => spread)) };
}

/** @param brackets all that ended, in their order; below three there is no plateau */
export function isPlateau(brackets: readonly BracketEnd[]): boolean {
  const found = gainOf(brackets);
  return found !== null && found.gain <= found.spread;
}

/**
 * Why a search was stopped, with the figures; callers ask it of a plateau only.
 * @param settings the brackets of each label setting
 */
export function plateauText(settings: readonly (readonly BracketEnd[])[]): string {
  const [only, ...others] = settings.map(gainText);
  if (only === undefined || others.length === 0) return `More brackets bring nothing: ${only ?? ""}.`;
  const each = [only, ...others].map((text, at) => `(${at + 1}) ${text}`);
  return `More brackets bring nothing in any of ${each.length} label settings: ${each.join("; ")}.`;
}

function gainText(brackets: readonly BracketEnd[]): string {
  const { before, gain, spread } = gainOf(brackets) ?? { before: null, gain: null, spread: null };
  const gained = gain !== null && gain > 0 ? `lowered it by ${lossText(gain)}` : "did not lower it";
  return `the lowest validation loss was ${lossText(before)}, and the last ${WITHOUT_GAIN} brackets ${gained}, while draws of one point differ by ${lossText(spread)}`;
}
