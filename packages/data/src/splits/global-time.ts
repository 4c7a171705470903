import { OptionError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import { partitionPoint } from '../partition-point.ts';
import { type CounterRandom, namedRandom } from '../philox.ts';
import { checkAllEvents, ExampleList, nobodyLeft, type Split } from './split.ts';
import { timeOfShare } from './time-of-share.ts';

/** Which events of a user after a cut become targets: the first, the last, one at random, or each in its turn. */
export type TargetRule = (typeof targetRules)[number];

export const targetRules = ['first', 'last', 'random', 'successive'] as const;

export type GlobalTimeOptions = {
  /** `first` (default): a user's first event after the cut, predicted from what was known at the cut. */
  readonly targets?: TargetRule;
  /** Of `random`: what is drawn depends on the seed, the part and the user alone; default 0. */
  readonly seed?: number;
} & (
  | { readonly testTime: number; readonly validationTime?: number }
  | { readonly testFraction: number; readonly validationFraction?: number }
  /** See {@link quantileCuts}. */
  | { readonly testQuantile: number; readonly validationQuantile?: number }
);

/**
 * Splits at moments, the same for everybody: training sees events before `validationTime`, validation targets lie in
 * `[validationTime, testTime)`, test targets at `testTime` or later. Times are seconds; with fractions the cuts are the
 * times that leave about that share of all events after them; with quantiles what lies at a cut is before it.
 *
 * A user's training example ends at the last event before the first cut (users with fewer than 2 such events train
 * nothing); histories of later targets are all earlier events of the user, later than the cut or not.
 * No validation part without a validation time or fraction.
 * @throws {OptionError} for cuts out of order, and rows that were drawn; {DataError} `nobody-left` when a part is empty
 */
export function globalTime(interactions: Interactions, options: GlobalTimeOptions): Split {
  checkAllEvents('globalTime', interactions);
  if (interactions.hasTimestamps === false) {
    throw new OptionError('globalTime', `expected times; got none in ${interactions.name}`, {
      key: 'testTime',
      hint: 'name the column of the times (--data.columns.time), or split by events (--data.split leave-last-out)',
    });
  }
  const { testTime, validationTime } = cuts(interactions, options);
  const { targets: rule = 'first', seed = 0 } = options;
  if (!targetRules.includes(rule)) {
    throw new OptionError('globalTime', `expected targets ${targetRules.join(', ')}; got ${rule}`, { key: 'targets' });
  }
  const { userOffsets, timestamps, numUsers } = interactions;
  const train = new ExampleList();
  const validation = new ExampleList();
  const test = new ExampleList();
  const firstCut = validationTime ?? testTime;
  const draws = {
    validation: namedRandom(seed, 'validation targets'),
    test: namedRandom(seed, 'test targets'),
  };
  let unused = 0;
  for (let u = 0; u < numUsers; u++) {
    const start = userOffsets[u];
    const end = userOffsets[u + 1];
    const trainEnd = firstAtOrAfter(timestamps, start, end, firstCut);
    const testStart = firstAtOrAfter(timestamps, start, end, testTime);
    const before = train.length + validation.length + test.length;
    if (trainEnd - start >= 2) train.add(u, start, trainEnd - 1);
    if (validationTime !== undefined) addTargets(validation, u, [start, trainEnd, testStart], rule, draws.validation);
    addTargets(test, u, [start, testStart, end], rule, draws.test);
    if (train.length + validation.length + test.length === before) unused++;
  }
  if (train.length === 0) throw nobodyLeft('globalTime', interactions, `users with 2 events before ${firstCut}`);
  if (validationTime !== undefined && validation.length === 0) {
    throw nobodyLeft('globalTime', interactions, `events with a history in ${validationTime}..${testTime}`);
  }
  if (test.length === 0) throw nobodyLeft('globalTime', interactions, `events with a history at ${testTime} or later`);
  const when = (seconds: number): string => new Date(seconds * 1000).toISOString();
  const middle = validationTime === undefined ? '' : `validation from ${when(validationTime)}, `;
  return {
    protocol: 'global-time',
    interactions,
    train: train.toSet('train', interactions),
    ...(validationTime === undefined ? {} : { validation: validation.toSet('validation', interactions) }),
    test: test.toSet('test', interactions),
    cuts: { testTime, ...(validationTime === undefined ? {} : { validationTime }) },
    step: {
      name: 'split',
      detail:
        `global-time: training before ${when(firstCut)}, ${middle}test from ${when(testTime)}, targets: ${rule}${rule === 'random' ? ` (seed ${seed})` : ''}; ` +
        `${train.length} training, ${validation.length} validation and ${test.length} test examples; ${unused} users ` +
        'are in no part.',
      params: {
        protocol: 'global-time',
        testTime,
        targets: rule,
        ...(rule === 'random' ? { seed } : {}),
        ...(validationTime === undefined ? {} : { validationTime }),
      },
      counts: { train: train.length, validation: validation.length, test: test.length, droppedUsers: unused },
    },
  };
}

/** Of events `[start, end)` of a user those from `from` on are after the cut. */
function addTargets(
  list: ExampleList,
  user: number,
  [start, from, end]: readonly [start: number, from: number, end: number],
  rule: TargetRule,
  random: CounterRandom,
): void {
  const first = Math.max(from, start + 1);
  if (first >= end) return;
  if (rule === 'first') {
    // The very first event after the cut, or nothing: a later one would not be "what comes next at the cut".
    if (from > start) list.add(user, start, from);
  } else if (rule === 'last') list.add(user, start, end - 1);
  else if (rule === 'random') list.add(user, start, first + random.integer(end - first, user));
  else for (let target = first; target < end; target++) list.add(user, start, target);
}

function firstAtOrAfter(times: Float64Array, start: number, end: number, time: number): number {
  return partitionPoint(start, end, (i) => times[i] < time);
}

function cuts(i: Interactions, options: GlobalTimeOptions): { testTime: number; validationTime?: number } {
  if ('testTime' in options) {
    const { testTime, validationTime } = options;
    if (!Number.isFinite(testTime)) {
      throw new OptionError('globalTime', `expected testTime in seconds; got ${testTime}`, { key: 'testTime' });
    }
    if (validationTime !== undefined && !(validationTime < testTime)) {
      throw new OptionError(
        'globalTime',
        `expected validationTime before testTime ${testTime}; got ${validationTime}`,
        {
          key: 'validationTime',
        },
      );
    }
    return { testTime, ...(validationTime === undefined ? {} : { validationTime }) };
  }
  if ('testQuantile' in options) return quantileCuts(i, options);
  const { testFraction, validationFraction = 0 } = options;
  if (!(testFraction > 0 && testFraction < 1)) {
    throw new OptionError('globalTime', `expected testFraction in 0..1; got ${testFraction}`, { key: 'testFraction' });
  }
  if (!(validationFraction >= 0 && validationFraction + testFraction < 1)) {
    throw new OptionError('globalTime', `expected fractions that leave a training part; got ${validationFraction}`, {
      key: 'validationFraction',
    });
  }
  const sorted = i.timestamps.slice().sort();
  const at = (share: number): number => timeOfShare(sorted, share);
  const testTime = at(1 - testFraction);
  if (validationFraction === 0) return { testTime };
  const validationTime = at(1 - testFraction - validationFraction);
  if (validationTime >= testTime) {
    throw new OptionError('globalTime', `expected fractions that give two different times; got ${testTime} for both`, {
      key: 'validationFraction',
      hint: 'too many events share a time',
    });
  }
  return { testTime, validationTime };
}

/**
 * Cuts as `monkey0head/time-to-split` makes them: the test cut `T` is the quantile of all times, linear between
 * neighbours, and events at `T` or before train; the validation cut is the quantile of the times that then train: those
 * of users with two events or more by `T`. Given as the first times after them.
 *
 * Source: "Time to Split", RecSys 2025 (arXiv:2507.16289).
 */
function quantileCuts(
  { timestamps, userOffsets, numUsers }: Interactions,
  { testQuantile, validationQuantile }: { readonly testQuantile: number; readonly validationQuantile?: number },
): { testTime: number; validationTime?: number } {
  for (const [key, share] of Object.entries({ testQuantile, ...(validationQuantile && { validationQuantile }) })) {
    if (share > 0 && share < 1) continue;
    throw new OptionError('globalTime', `expected ${key} between 0 and 1; got ${share}`, { key });
  }
  const cut = quantile(timestamps, testQuantile);
  const testTime = firstAfter(timestamps, cut);
  if (validationQuantile === undefined) return { testTime };
  const training: number[] = [];
  for (let u = 0; u < numUsers; u++) {
    const end = firstAtOrAfter(timestamps, userOffsets[u], userOffsets[u + 1], testTime);
    if (end - userOffsets[u] < 2) continue;
    for (let e = userOffsets[u]; e < end; e++) training.push(timestamps[e]);
  }
  if (training.length === 0) return { testTime };
  const validationTime = firstAfter(timestamps, quantile(Float64Array.from(training), validationQuantile));
  if (validationTime >= testTime) {
    throw new OptionError('globalTime', `expected quantiles that give two different times; got ${testTime} for both`, {
      key: 'validationQuantile',
      hint: 'too many events share a time',
    });
  }
  return { testTime, validationTime };
}

/** Linear between neighbours, as `pandas.Series.quantile`. */
function quantile(values: Float64Array, share: number): number {
  const sorted = values.slice().sort();
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/** The least time after a moment. */
function firstAfter(times: Float64Array, moment: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (const time of times) if (time > moment && time < least) least = time;
  return least;
}
