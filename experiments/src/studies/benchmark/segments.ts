import type { ExampleSet } from '@seqrec/data';
import { gainOf } from '@seqrec/models';
import { RunError } from '../../errors.ts';
import type { SavedRanks } from '../../run/folder/ranks.ts';
import { gainAt } from '../../run/verdict/bootstrap.ts';

/** First lengths of histories, and first numbers of training events of a target, of each segment. */
const HISTORY = [0, 1, 5, 10, 20, 50] as const;
const EVENTS = [0, 1, 5, 20, 100] as const;

/**
 * Segments of each query, in the order of the examples: by the length of its history, and by how often its target
 * occurs in training; cold: never.
 *
 * @param counts training events of each item, item 1 first.
 */
export function segmentsOf(test: ExampleSet, counts: Int32Array): readonly Int32Array[] {
  const { starts, targets, interactions } = test;
  return Array.from(targets, (target, e) => {
    const history = lastAtMost(HISTORY, target - starts[e]);
    const popularity = lastAtMost(EVENTS, counts[interactions.itemIds[target] - 1]);
    return Int32Array.of(history, HISTORY.length + popularity);
  });
}

export const segmentNames = (): string[] => [
  ...HISTORY.map((from, i) => `history ${range(from, HISTORY[i + 1])}`),
  ...EVENTS.map((from, i) => (from === 0 ? 'cold target' : `target ${range(from, EVENTS[i + 1])}`)),
];

/**
 * Mean of a metric over the queries of each segment, by name; nothing for a segment without queries.
 *
 * @throws RunError when the ranks are of other queries than the segments.
 */
export function metricBySegment(
  ranks: SavedRanks,
  segments: readonly Int32Array[],
  metric: string,
): Readonly<Record<string, number>> {
  if (ranks.ranks.length !== segments.length)
    throw new RunError(`benchmark: expected ranks of ${segments.length} queries; got ${ranks.ranks.length}`);
  const gain = gainOf(metric);
  const names = segmentNames();
  const sums = new Float64Array(names.length);
  const counts = new Int32Array(names.length);
  for (let q = 0; q < ranks.ranks.length; q++)
    for (const segment of segments[q]) {
      sums[segment] += gainAt(ranks, q, gain);
      counts[segment]++;
    }
  return Object.fromEntries(
    names.flatMap((name, s) => (counts[s] === 0 ? [] : [[name, sums[s] / counts[s]] as const])),
  );
}

/** Queries of each segment, by name. */
export function segmentCounts(segments: readonly Int32Array[]): Readonly<Record<string, number>> {
  const names = segmentNames();
  const counts = new Int32Array(names.length);
  for (const own of segments) for (const segment of own) counts[segment]++;
  return Object.fromEntries(names.flatMap((name, s) => (counts[s] === 0 ? [] : [[name, counts[s]] as const])));
}

function lastAtMost(bounds: readonly number[], value: number): number {
  return bounds.findLastIndex((bound) => bound <= value);
}

function range(from: number, next: number | undefined): string {
  if (next === undefined) return `${from}+`;
  return next - 1 === from ? String(from) : `${from}-${next - 1}`;
}
