import { counterRandom } from '../counter-random.ts';
import { OptionError } from '../errors.ts';
import type { CounterRandom } from '../philox.ts';
import { ascendingPositions } from '../sorting.ts';
import type { ExampleSet } from '../splits/split.ts';
import { latestWindow } from './latest.ts';
import { checkWhole, type WindowPolicy } from './policy.ts';

/** Which events a shortened history keeps. */
export const subsequenceRules = ['recent', 'random', 'weighted'] as const;
export type SubsequenceRule = (typeof subsequenceRules)[number];

export interface StochasticLengthOptions {
  /** Longest history, N. */
  readonly maxLength: number;
  /** In (1, 2]; at 2 every history is kept whole. */
  readonly alpha: number;
  /** Default `weighted`, the paper's choice. */
  readonly subsequence?: SubsequenceRule;
  readonly seed: number;
}

/** Length that a long history is cut to: `N^(alpha / 2)`, rounded. */
export function shortLength({ maxLength, alpha }: Pick<StochasticLengthOptions, 'maxLength' | 'alpha'>): number {
  return Math.round(maxLength ** (alpha / 2));
}

/** Chance that a history of `length` events is kept whole: `min(1, N^alpha / n^2)`. */
export function wholeChance(
  length: number,
  { maxLength, alpha }: Pick<StochasticLengthOptions, 'maxLength' | 'alpha'>,
): number {
  return length <= shortLength({ maxLength, alpha }) ? 1 : Math.min(1, maxLength ** alpha / length ** 2);
}

/** Expected length after stochastic length: `(1 - p) N^(alpha / 2) + p n`, for the latest N of `length` events. */
export function expectedLength(length: number, options: Pick<StochasticLengthOptions, 'maxLength' | 'alpha'>): number {
  const kept = Math.min(length, options.maxLength);
  const chance = wholeChance(kept, options);
  return chance * kept + (1 - chance) * Math.min(kept, shortLength(options));
}

/**
 * Stochastic length: in training, a history of `n > N^(alpha / 2)` events is cut to `N^(alpha / 2)` of them with chance
 * `1 - N^alpha / n^2`, anew in every epoch, so that attention costs `O(N^alpha)` instead of `O(N^2)`. Evaluation and
 * serving use whole histories.
 *
 * What is kept: `recent`, the latest events; `random`, a uniform subsequence; `weighted`, one drawn without replacement
 * with weights `1 - f_i / sum f`, `f_i = t_n - t_i`, which prefers recent events. The target stays the example's own;
 * inside a shortened history the target of an event is the next one that was kept.
 *
 * Source: Zhai et al., "Actions Speak Louder than Words", ICML 2024, section 3.2 (equation 4) and appendix F.
 * @throws {OptionError} naming the option
 */
export function stochasticLength(options: StochasticLengthOptions): WindowPolicy {
  const { maxLength, alpha, subsequence = 'weighted', seed } = options;
  const operation = 'stochasticLength';
  checkWhole(operation, 'maxLength', maxLength, 1);
  if (!(alpha > 1 && alpha <= 2)) {
    throw new OptionError(operation, `expected alpha above 1 and at most 2; got ${alpha}`, { key: 'alpha' });
  }
  if (!subsequenceRules.includes(subsequence)) {
    const got = JSON.stringify(subsequence);
    throw new OptionError(operation, `expected subsequence ${subsequenceRules.join(', ')}; got ${got}`, {
      key: 'subsequence',
    });
  }
  return {
    name: `stochastic-length ${alpha} ${subsequence}`,
    maxLength,
    reach: maxLength,
    settings: { maxLength, alpha, subsequence, seed },
    equalBudget: false,
    examples(set, epoch) {
      checkWhole(operation, 'epoch', epoch, 0);
      return shortened(latestWindow(set, { maxLength }), { maxLength, alpha, subsequence, seed }, epoch);
    },
  };
}

function shortened(set: ExampleSet, options: Required<StochasticLengthOptions>, epoch: number): ExampleSet {
  const coin = counterRandom(options.seed, 'stochastic length', epoch);
  const choice = counterRandom(options.seed, 'subsequence', epoch);
  const short = shortLength(options);
  const count = set.targets.length;
  const starts = set.starts.slice();
  for (let e = 0; e < count; e++) {
    const length = set.targets[e] - set.starts[e];
    if (coin.uniform(set.targets[e]) >= wholeChance(length, options)) starts[e] = set.targets[e] - short;
  }
  if (options.subsequence === 'recent') return { ...set, starts };
  const offsets = new Int32Array(count + 1);
  for (let e = 0; e < count; e++) offsets[e + 1] = offsets[e] + set.targets[e] - starts[e];
  const indices = new Int32Array(offsets[count]);
  for (let e = 0; e < count; e++) {
    const from = set.starts[e];
    const target = set.targets[e];
    const kept = indices.subarray(offsets[e], offsets[e + 1]);
    if (starts[e] === from) for (let i = 0; i < kept.length; i++) kept[i] = from + i;
    else if (options.subsequence === 'random') drawUniform(kept, from, target, choice);
    else drawRecent(kept, from, target, set.interactions.timestamps, choice);
  }
  return { ...set, starts, events: { offsets, indices } };
}

/** Fills `kept` with a uniform subsequence of `[from, target)` (selection sampling: one number an event). */
function drawUniform(kept: Int32Array, from: number, target: number, random: CounterRandom): void {
  let taken = 0;
  for (let event = from; taken < kept.length; event++) {
    if (random.uniform(target, event - from) * (target - event) < kept.length - taken) kept[taken++] = event;
  }
}

/**
 * Weighted sampling without replacement: the largest of `u^(1 / w)` (Efraimidis and Spirakis 2006), in order of events.
 */
function drawRecent(kept: Int32Array, from: number, target: number, times: Float64Array, random: CounterRandom): void {
  const count = target - from;
  const last = times[target - 1];
  let sum = 0;
  for (let event = from; event < target; event++) sum += last - times[event];
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const weight = sum === 0 ? 1 : 1 - (last - times[from + i]) / sum;
    // Ascending order of -log(u) / w is descending order of u^(1 / w); a weight of 0 comes last.
    keys[i] = -Math.log1p(-random.uniform(target, i)) / weight;
    if (Number.isNaN(keys[i])) keys[i] = Number.POSITIVE_INFINITY;
  }
  const order = ascendingPositions(keys);
  for (let i = 0; i < kept.length; i++) kept[i] = from + order[i];
  kept.sort();
}
