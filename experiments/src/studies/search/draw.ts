import { streamKey, uniform01 } from '@seqrec/core';
import type { Dimension, Settings } from '../../config/search-space.ts';

/** Draws of one trial before it counts as already drawn. */
const ATTEMPTS = 50;

/** Width of a range, over its larger end, below which three digits of a number are too few. */
const NARROW = 0.02;

/**
 * The settings of `count` trials, each other than those before; fewer where the space has no more. Each dimension has a
 * stream of its own: settings do not depend on how many trials are asked for, nor on the other dimensions unless a
 * trial is drawn again.
 */
export function drawTrials(space: readonly Dimension[], seed: number, count: number): Settings[] {
  const trials: Settings[] = [];
  const seen = new Set<string>();
  const keys = space.map(({ name }) => streamKey(seed, `search/${name}`));
  for (let draw = 0; trials.length < count && draw < count * ATTEMPTS; draw++) {
    const settings = Object.assign({}, ...space.map((each, d) => drawOne(each, uniform01(keys[d], draw, 1)[0])));
    const text = JSON.stringify(settings);
    if (seen.has(text)) continue;
    seen.add(text);
    trials.push(settings);
  }
  return trials;
}

/** Three digits; where the ends of a range have those in common, of what is above the low end. */
function rounded(drawn: number, { low, high }: { readonly low: number; readonly high: number }): number {
  if (high - low >= NARROW * Math.max(Math.abs(low), Math.abs(high))) return Number(drawn.toPrecision(3));
  return Number((low + Number((drawn - low).toPrecision(3))).toPrecision(15));
}

/** The settings at a number in `[0, 1)`. */
export function drawOne({ keys, from }: Dimension, u: number): Settings {
  if (from.kind === 'choices') return from.choices[Math.floor(u * from.choices.length)];
  const { low, high, log, whole } = from;
  // A whole number n stands for all of [n, n + 1).
  const end = whole ? high + 1 : high;
  const drawn = log ? low * (end / low) ** u : low + u * (end - low);
  const value = whole ? Math.floor(drawn) : rounded(drawn, from);
  const text = String(Math.min(high, Math.max(low, value)));
  return Object.fromEntries(keys.map((key) => [key, text]));
}
