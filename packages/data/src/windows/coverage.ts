import type { ExampleSet } from '../splits/split.ts';
import type { WindowPolicy } from './policy.ts';

/** What an epoch took, and what the epochs so far have seen. */
export interface EpochCoverage {
  readonly epoch: number;
  readonly examples: number;
  readonly tokens: number;
  /** Tokens of this epoch, over those of the newest windows. */
  readonly cost: number;
  /** Share of all training positions (an input and its next event) in at least one window so far. */
  readonly covered: number;
}

/** Runs the windows of `epochs` epochs and counts which positions they reach; one bit of memory a position. */
export function windowCoverage(set: ExampleSet, policy: WindowPolicy, epochs: number): EpochCoverage[] {
  const seen = new Uint8Array(Math.ceil(set.interactions.numEvents / 8));
  const mark = (from: number, to: number): number => {
    let fresh = 0;
    for (let p = from; p < to; p++) {
      const bit = 1 << (p & 7);
      if ((seen[p >> 3] & bit) !== 0) continue;
      seen[p >> 3] |= bit;
      fresh++;
    }
    return fresh;
  };
  // Histories of one user may overlap, so positions are counted, not lengths added.
  let positions = 0;
  for (let e = 0; e < set.targets.length; e++) positions += mark(set.starts[e], set.targets[e]);
  seen.fill(0);
  let newest = 0;
  for (let e = 0; e < set.targets.length; e++) {
    newest += Math.min(policy.maxLength, set.targets[e] - set.starts[e]);
  }
  let covered = 0;
  return Array.from({ length: epochs }, (_, epoch) => {
    const { starts, targets, events } = policy.examples(set, epoch);
    let tokens = 0;
    for (let e = 0; e < targets.length; e++) tokens += targets[e] - starts[e];
    if (events === undefined) for (let e = 0; e < targets.length; e++) covered += mark(starts[e], targets[e]);
    else for (const event of events.indices) covered += mark(event, event + 1);
    return { epoch, examples: targets.length, tokens, cost: tokens / newest, covered: covered / positions };
  });
}

/**
 * Chance that the position `depth` steps before the newest (from 0) of a history of `history` is in a
 * window drawn uniformly with stride 1: `min(d + 1, K, H - d, W) / W`, the number of windows that hold it
 * over the number of windows.
 */
export function oneRandomCoverage(depth: number, history: number, maxLength: number): number {
  if (history <= maxLength) return 1;
  const windows = history - maxLength + 1;
  return Math.min(depth + 1, maxLength, history - depth, windows) / windows;
}
