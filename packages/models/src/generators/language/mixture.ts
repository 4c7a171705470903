import { streamKey, uniform01 } from '@seqrec/core';
import type { SequenceBatch } from '@seqrec/data';
import type { Run } from '../../layers/layer.ts';
import { type Family, type FamilyWeights, families } from './families.ts';
import { itemsWith } from './item-texts.ts';
import { type Language, textRows } from './language.ts';
import type { Example } from './templates.ts';

/** An example, and the seconds of each of its places. */
export interface DrawnExample {
  readonly example: Example;
  readonly times: ArrayLike<number>;
}

export interface MixtureRequest {
  /** The batch of a step, and which of its sequences are meant: `from .. to - 1`. */
  readonly batch: SequenceBatch;
  readonly from: number;
  readonly to: number;
  readonly run: Pick<Run, 'seed' | 'step'>;
  /** Whether `retrieve` learns from the history of a user. */
  readonly retrieves: (user: number) => boolean;
}

/** Random numbers of an example: whether there is one, its place or item, the other item, the order of two. */
const DRAWS = 4;

/**
 * The examples of some sequences of a batch, those of a sequence next to each other: of a family with weight `w` there
 * are `floor(w)` and, with probability `w - floor(w)`, one more. Words of the streams `mixture/...` of the step are
 * counted by the place of a sequence in the batch, so that parts draw what the whole batch does.
 */
export function mixtureOf(language: Language, weights: FamilyWeights): (request: MixtureRequest) => DrawnExample[] {
  const makers = examplesOf(language);
  return ({ batch, from, to, run: { seed, step }, retrieves }) => {
    const drawn: DrawnExample[] = [];
    const copies = families.flatMap((family) =>
      Array.from({ length: Math.ceil(weights[family]) }, (_, copy) => ({
        family,
        share: weights[family] - copy,
        words: uniform01(streamKey(seed, `mixture/${family}/${copy}`), step, (to - from) * DRAWS, from * DRAWS),
      })),
    );
    for (let b = from; b < to; b++) {
      const history = historyOf(batch, b);
      for (const { family, share, words } of copies) {
        const own = words.subarray((b - from) * DRAWS, (b - from + 1) * DRAWS);
        if (own[0] >= share || (family === 'retrieve' && !retrieves(batch.users[b]))) continue;
        const example = makers[family](history.items, own);
        if (example !== undefined)
          drawn.push({ example, times: 'items' in example ? history.times : [history.times[0] ?? 0] });
      }
    }
    return drawn;
  };
}

/** The events of a sequence, the target among them, oldest first; none where there is no history. */
function historyOf({ offsets, itemIds, timestamps, targets, targetTimestamps }: SequenceBatch, b: number) {
  const [start, end] = [offsets[b], offsets[b + 1]];
  if (start === end) return { items: [], times: [] };
  return {
    items: [...itemIds.subarray(start, end), targets[end - 1]],
    times: [...timestamps.subarray(start, end), targetTimestamps[end - 1]],
  };
}

type Maker = (items: readonly number[], words: Float64Array) => Example | undefined;

function examplesOf(language: Language): Readonly<Record<Family, Maker>> {
  const { titles, attributes } = language;
  const { numItems } = language.codes;
  const ofText = (family: 'toTitle' | 'fromTitle' | 'toAttributes'): Maker => {
    const texts = family === 'toAttributes' ? attributes : titles;
    const items = itemsWith(texts);
    return (_, [, chosen]) => {
      if (items.length === 0) return undefined;
      const item = items[Math.floor(chosen * items.length)];
      return { family, item, words: textRows(language, texts, item) };
    };
  };
  return {
    retrieve: (items) => (items.length < 2 ? undefined : { family: 'retrieve', items }),
    masked: (items, [, chosen]) => {
      const item = items[Math.floor(chosen * items.length)];
      // Wherever else it stands it would give itself away.
      const shown = items.map((each) => (each === item ? 0 : each));
      return shown.every((each) => each === 0) ? undefined : { family: 'masked', items: shown, item };
    },
    preferred: (items, [, cut, other, order]) => {
      if (items.length < 2) return undefined;
      const past = 1 + Math.floor(cut * (items.length - 1));
      const item = items[past];
      const alternative = outside(items, 1 + Math.floor(other * numItems), numItems);
      if (alternative === undefined) return undefined;
      const pair = order < 0.5 ? ([item, alternative] as const) : ([alternative, item] as const);
      return { family: 'preferred', items: items.slice(0, past), pair, item };
    },
    toTitle: ofText('toTitle'),
    fromTitle: ofText('fromTitle'),
    toAttributes: ofText('toAttributes'),
  };
}

/** An item, or the next one that is not among some; nothing where all are. */
function outside(items: readonly number[], from: number, numItems: number): number | undefined {
  for (let step = 0; step < numItems; step++) {
    const item = 1 + ((from - 1 + step) % numItems);
    if (!items.includes(item)) return item;
  }
  return undefined;
}
