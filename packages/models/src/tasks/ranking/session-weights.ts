import type { ExampleSet } from '@seqrec/data';
import { groupsOfEvents } from './grouping.ts';

/**
 * Weights of the rows of a training set, by event: `min(cap, 1 / P(a session reaches place k))` for the row in place
 * `k` of its session, in the order of time. `P` is the share of the sessions of the set with at least `k` rows. Events
 * that are not in the set have weight 1.
 *
 * @throws ConfigError as {@link groupsOfEvents}.
 */
export function sessionWeights(
  train: ExampleSet,
  { session, cap }: { readonly session: string; readonly cap: number },
): Float32Array {
  const sessions = groupsOfEvents(train, session, 'sessionWeights.session');
  const { timestamps } = train.interactions;
  const events = Int32Array.from(train.targets).sort((a, b) => timestamps[a] - timestamps[b] || a - b);
  const lengths = new Map<number, number>();
  const place = new Map<number, number>();
  for (const event of events) {
    const k = (lengths.get(sessions[event]) ?? 0) + 1;
    lengths.set(sessions[event], k);
    place.set(event, k);
  }
  // One argument a session would be too many.
  let longest = 0;
  for (const length of lengths.values()) longest = Math.max(longest, length);
  const reached = new Float64Array(longest + 2);
  for (const length of lengths.values()) reached[length]++;
  for (let k = longest; k >= 1; k--) reached[k] += reached[k + 1];
  const weights = new Float32Array(train.interactions.numEvents).fill(1);
  for (const [event, k] of place) weights[event] = Math.min(cap, lengths.size / reached[k]);
  return weights;
}
