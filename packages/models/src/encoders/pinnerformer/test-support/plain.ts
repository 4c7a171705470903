import {
  add,
  affine,
  geluTanh,
  ITEMS,
  layerNorm,
  type PlainModel,
  type PlainSequence,
  row,
  scale,
  type Weights,
} from '../../../test-support/plain-maths.ts';
import { plainTransformerBlock } from '../../transformer/test-support/plain.ts';

const DAY = 86_400;
/** Seconds. */
const ABSOLUTE = [900, 1800, 2700, 3600, 7200, 14_400, 28_800, 57_600, DAY, 7 * DAY, 28 * DAY, 365 * DAY];
const RELATIVE = Array.from({ length: 32 }, (_, i) => 2_419_200 ** (i / 31));

export interface PlainPinnerformerConfig {
  readonly numBlocks: number;
  readonly numHeads: number;
  readonly time?: boolean;
  readonly actions?: 'none' | 'rating' | 'buckets';
  readonly actionBounds?: readonly number[];
  readonly duration?: 'none' | 'rating';
}

/**
 * PinnerFormer: `V0 = W_in [item, action, duration, times] + PE`, newest event first, pre-norm blocks, and at every
 * position `W2 gelu(W1 LN(V))`; the same kind of network over the items.
 *
 * Source: Pancha et al. 2022, section 3 and appendix A. The logarithm of a time is in units of that of the
 * longest period, item vectors are used times the root of their width, cosines stand before sines: choices of
 * this package, in its documentation.
 */
export function plainPinnerformer(config: PlainPinnerformerConfig): PlainModel {
  const map = (x: readonly number[], w: Weights, name: string): number[] =>
    affine(x, w[`${name}.weight`], w[`${name}.bias`]);
  const network = (x: readonly number[], w: Weights, name: string): number[] =>
    map(map(x, w, `${name}.0`).map(geluTanh), w, `${name}.2`);
  const item = (w: Weights, id: number): number[] => {
    const vector = row(w[ITEMS], id);
    return scale(vector, Math.sqrt(vector.length));
  };

  function input(w: Weights, { items, times, ratings }: PlainSequence, t: number): number[] {
    const parts = [map(item(w, items[t]), w, 'input.item'), row(w['input.positions.weight'], items.length - 1 - t)];
    if (config.actions === 'rating' || config.actions === 'buckets') {
      const id = config.actions === 'rating' ? halfStars(ratings[t]) : bucket(ratings[t], config.actionBounds ?? []);
      parts.push(map(row(w['input.actions.weight'], id), w, 'input.action'));
    }
    if (config.duration === 'rating') parts.push(map([Math.log(Math.max(ratings[t], 1))], w, 'input.duration'));
    if (config.time !== false) {
      const encoded = [
        ...encodedTime(times[t], ABSOLUTE, w['input.time.absolute.phase'].data),
        ...encodedTime(times[times.length - 1] - times[t], RELATIVE, w['input.time.age.phase'].data),
        ...encodedTime(t === 0 ? 0 : times[t] - times[t - 1], RELATIVE, w['input.time.gap.phase'].data),
      ];
      parts.push(map(encoded, w, 'input.time'));
    }
    return parts.reduce(add);
  }

  return {
    encode(w, sequence) {
      let x = sequence.items.map((_, t) => input(w, sequence, t));
      for (let i = 0; i < config.numBlocks; i++) x = plainTransformerBlock(x, w, `layers.${i}.`, config.numHeads);
      const [gain, bias] = ['weight', 'bias'].map((name) => w[`output.norm.${name}`].data);
      return { rows: x.map((values) => network(layerNorm(values, 1e-6, gain, bias), w, 'output')) };
    },
    itemVector: (w, id) => network(item(w, id), w, 'item_tower'),
  };
}

function encodedTime(time: number, periods: readonly number[], phases: readonly number[]): number[] {
  const angles = periods.map((period) => (2 * Math.PI * time) / period);
  return [
    ...angles.map((angle, i) => Math.cos(angle + phases[i])),
    ...angles.map((angle, i) => Math.sin(angle + phases[periods.length + i])),
    Math.log(Math.max(time, 1)) / Math.log(periods[periods.length - 1]),
  ];
}

/** Ids 1 to 10 for half a star to five. */
function halfStars(rating: number): number {
  return Math.min(10, Math.max(1, Math.round(2 * rating)));
}

/** 1 below the first bound, one more from each bound on. */
function bucket(rating: number, bounds: readonly number[]): number {
  let id = 1;
  for (const bound of bounds) if (rating >= bound) id++;
  return id;
}
