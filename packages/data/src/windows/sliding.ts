import { counterRandom } from '../counter-random.ts';
import { OptionError } from '../errors.ts';
import type { CounterRandom } from '../philox.ts';
import type { ExampleSet } from '../splits/split.ts';
import { latestWindow } from './latest.ts';
import { checkWhole, type WindowPolicy } from './policy.ts';
import { isControlEpoch, type MixedSchedule, slidingEpochsBefore } from './schedule.ts';
import { type SlidingRule, slidingRules } from './sliding-rules.ts';

export interface SlidingWindowOptions {
  readonly rule: SlidingRule;
  /** Events of a window, K. */
  readonly maxLength: number;
  /** Sliding windows reach back over this many latest events; default: all. */
  readonly maxHistory?: number;
  /** Events between the starts of neighbouring windows, r; default 1. `strided-offset` always steps by K. */
  readonly stride?: number;
  /** `weighted`: window i is drawn with weight exp(-i r / decay); events, default K. */
  readonly decay?: number;
  /** `strided-offset`: epochs over which the offset runs through 0..K-1; default 10. */
  readonly offsetEpochs?: number;
  readonly seed: number;
  /** Epochs that use the newest window instead; default: none. */
  readonly schedule?: MixedSchedule;
}

/**
 * Number of windows of a history of `history` events: 1 when it fits, else `ceil((history - K) / r) + 1`.
 *
 * Source: sliding-window training, with windows anchored at the newest event.
 */
export function countWindows(history: number, maxLength: number, stride: number): number {
  return history <= maxLength ? 1 : Math.ceil((history - maxLength) / stride) + 1;
}

/**
 * Sliding-window training: over the epochs windows of fixed size come from all of a long history, so that old events
 * are trained on while the model's input, and with the rules that take one window an epoch the cost, stay the same.
 *
 * A history has `n = target - start` positions, each an input whose next event is its target;
 * `H = min(n, maxHistory)` of them are used. Window `i` ends `i r` positions before the newest, the oldest one starts
 * at the first of the `H`; every window has exactly `min(K, H)` positions, so no length is wasted and a history of at
 * most K is always taken whole.
 *
 * | rule             | windows of an epoch                                      | cost        |
 * | ---------------- | -------------------------------------------------------- | ----------- |
 * | `control`        | 0                                                        | 1           |
 * | `all-windows`    | 0..W-1                                                   | W           |
 * | `one-random`     | one, uniform                                             | 1           |
 * | `round-robin`    | (hash(example) + sliding epoch) mod W                    | 1           |
 * | `strided-offset` | those that start at multiples of K + floor(e K / epochs) | about H / K |
 * | `weighted`       | one, with weight exp(-i r / decay)                       | 1           |
 *
 * Source: Joshi et al., "Sliding Window Training", RecSys 2024, section 2. The draw inside an epoch is not published;
 * these rules are the readings of it.
 * @throws {OptionError} naming the option
 */
export function slidingWindows(options: SlidingWindowOptions): WindowPolicy {
  const settings = resolve(options);
  const { rule, maxLength, schedule } = settings;
  const manyWindows = rule === 'all-windows' || rule === 'strided-offset';
  const slides = rule !== 'control' && (schedule === undefined || schedule.controlEpochs < schedule.epochs);
  const reach = slides ? settings.maxHistory : maxLength;
  return {
    name: rule,
    maxLength,
    reach,
    // JSON has no infinity.
    settings: { ...settings, maxHistory: Number.isFinite(settings.maxHistory) ? settings.maxHistory : 'all' },
    equalBudget: !manyWindows,
    isControl: reach === maxLength,
    examples(set, epoch) {
      checkWhole('slidingWindows', 'epoch', epoch, 0);
      if (rule === 'control' || isControlEpoch(schedule, epoch)) return latestWindow(set, { maxLength });
      return manyWindows ? everyShift(set, settings, epoch) : oneShift(set, settings, epoch);
    },
  };
}

type Settings = Required<Omit<SlidingWindowOptions, 'schedule'>> & Pick<SlidingWindowOptions, 'schedule'>;

function resolve(options: SlidingWindowOptions): Settings {
  const operation = 'slidingWindows';
  const { rule, maxLength, maxHistory = Number.POSITIVE_INFINITY, stride = 1, offsetEpochs = 10, schedule } = options;
  if (!slidingRules.includes(rule)) {
    throw new OptionError(operation, `expected rule ${slidingRules.join(', ')}; got ${JSON.stringify(rule)}`, {
      key: 'rule',
    });
  }
  checkWhole(operation, 'maxLength', maxLength, 1);
  if (maxHistory !== Number.POSITIVE_INFINITY) checkWhole(operation, 'maxHistory', maxHistory, maxLength);
  checkWhole(operation, 'stride', stride, 1);
  checkWhole(operation, 'offsetEpochs', offsetEpochs, 1);
  const { decay = maxLength } = options;
  if (!(decay > 0 && decay < Number.POSITIVE_INFINITY))
    throw new OptionError(operation, `expected a finite decay above 0; got ${decay}`, {
      key: 'decay',
      hint: 'all windows have the same weight with the rule one-random',
    });
  if (schedule !== undefined) isControlEpoch(schedule, 0);
  return { ...options, maxHistory, stride, decay, offsetEpochs };
}

/** Positions between the end of a window and the newest one: the oldest window is moved to where it is whole. */
function clampShift(shift: number, history: number, maxLength: number): number {
  return Math.max(0, Math.min(shift, history - maxLength));
}

/** One window of every example. */
function oneShift(set: ExampleSet, settings: Settings, epoch: number): ExampleSet {
  const { rule, maxLength, maxHistory, stride, seed, schedule } = settings;
  const count = set.targets.length;
  const starts = new Int32Array(count);
  const targets = new Int32Array(count);
  const random = rule === 'round-robin' ? counterRandom(seed, 'windows') : counterRandom(seed, 'windows', epoch);
  const turn = slidingEpochsBefore(schedule, epoch);
  for (let e = 0; e < count; e++) {
    const target = set.targets[e];
    const history = Math.min(target - set.starts[e], maxHistory);
    const windows = countWindows(history, maxLength, stride);
    // The place of the target in the store names the example, whatever else is in the set.
    const index = windows === 1 ? 0 : chooseWindow(settings, random, windows, target, turn);
    targets[e] = target - clampShift(index * stride, history, maxLength);
    starts[e] = targets[e] - Math.min(history, maxLength);
  }
  return { ...set, starts, targets };
}

function chooseWindow(
  { rule, stride, decay }: Settings,
  random: CounterRandom,
  windows: number,
  example: number,
  turn: number,
): number {
  switch (rule) {
    case 'round-robin':
      return (random.integer(windows, example) + turn) % windows;
    case 'weighted': {
      // Inverse of the distribution function of a geometric distribution cut off at W.
      const rate = stride / decay;
      const below = -Math.log1p(random.uniform(example) * Math.expm1(-rate * windows)) / rate;
      return Math.min(windows - 1, Math.floor(below));
    }
    default:
      return random.integer(windows, example);
  }
}

/** Several windows of every example: all of them, or neighbours without overlap behind the offset of the epoch. */
function everyShift(set: ExampleSet, settings: Settings, epoch: number): ExampleSet {
  const { rule, maxLength, maxHistory, offsetEpochs, schedule } = settings;
  const stride = rule === 'all-windows' ? settings.stride : maxLength;
  const turn = slidingEpochsBefore(schedule, epoch) % offsetEpochs;
  const offset = rule === 'all-windows' ? 0 : Math.floor((turn * maxLength) / offsetEpochs);
  const historyOf = (e: number): number => Math.min(set.targets[e] - set.starts[e], maxHistory);
  const windowsOf = (history: number): number =>
    countWindows(Math.max(history - offset, Math.min(history, maxLength)), maxLength, stride);
  let total = 0;
  for (let e = 0; e < set.targets.length; e++) total += windowsOf(historyOf(e));
  const users = new Int32Array(total);
  const starts = new Int32Array(total);
  const targets = new Int32Array(total);
  let at = 0;
  for (let e = 0; e < set.targets.length; e++) {
    const history = historyOf(e);
    const windows = windowsOf(history);
    for (let index = 0; index < windows; index++, at++) {
      users[at] = set.users[e];
      targets[at] = set.targets[e] - clampShift(offset + index * stride, history, maxLength);
      starts[at] = targets[at] - Math.min(history, maxLength);
    }
  }
  return { ...set, users, starts, targets };
}
