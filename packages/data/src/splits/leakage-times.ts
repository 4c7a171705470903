import { partitionPoint } from '../partition-point.ts';
import { type LeakageCheck, percent } from './leakage-check.ts';
import type { Split } from './split.ts';

/** What of the training lies in the future of what is tested. */
export function timeChecks(split: Split, trained: Uint8Array): LeakageCheck[] {
  const { interactions, test } = split;
  if (interactions.hasTimestamps === false) return [];
  const times = interactions.timestamps.filter((_, e) => trained[e] === 1).sort();
  const targetTimes = Float64Array.from(test.targets, (target) => interactions.timestamps[target]);
  let earlier = 0;
  let shareSum = 0;
  for (const time of targetTimes) {
    const later = times.length - upperBound(times, time);
    if (later > 0) earlier++;
    shareSum += later / times.length;
  }
  // Nothing that trains may lie after a cut by time.
  const byTime = split.protocol === 'global-time' || split.protocol === 'rows-by-time';
  const isOfRows = split.examples !== undefined;
  const kind = split.protocol === 'random' ? 'random' : isOfRows ? split.protocol : 'leave-one-out';
  const cut = split.cuts?.testTime ?? targetTimes.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const after = times.length - lowerBound(times, cut);
  const share = after / times.length;
  return [
    {
      name: 'train-events-after-test-cut',
      value: after,
      share,
      verdict: after === 0 ? 'ok' : byTime ? 'leak' : 'note',
      text:
        `${after} training events (${percent(share)}) are not older than the ` +
        `${split.cuts === undefined ? 'earliest test target' : 'test cut'}.`,
    },
    {
      name: 'test-targets-before-training-events',
      value: earlier,
      share: earlier / targetTimes.length,
      verdict: earlier === 0 ? 'ok' : byTime ? 'leak' : 'note',
      text:
        `${earlier} test targets (${percent(earlier / targetTimes.length)}) are older than some training event${isOfRows ? '' : ' of another user'}; on average ${percent(shareSum / targetTimes.length)} of the training events lie in a test target's future` +
        `${earlier === 0 ? '.' : `: popularity and trends of the future are visible in training, as in every ${kind} split.`}`,
    },
  ];
}

function upperBound(sorted: Float64Array, value: number): number {
  return partitionPoint(0, sorted.length, (i) => sorted[i] <= value);
}

function lowerBound(sorted: Float64Array, value: number): number {
  return partitionPoint(0, sorted.length, (i) => sorted[i] < value);
}
