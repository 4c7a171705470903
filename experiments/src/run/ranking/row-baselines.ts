import { type ExampleSet, type Interactions, labelOf } from '@seqrec/data';
import { ClickRows, clickRows, impliedLabels, type RankedLabel, type ScoredRows, valueRows } from '@seqrec/models';
import type { RowBaselineName } from '../../config/row-baseline-names.ts';

/** Rows at the mean of all that a mean of few is drawn towards. */
export const SMOOTHING = 10;

/** Scores from means of labels of the training rows. */
export interface RowBaseline {
  readonly name: RowBaselineName;
  readonly definition: string;
  /** Of the examples of a set: logits, or predicted values. */
  scores(set: ExampleSet): Float64Array;
}

/** A label of all events, 0 where it is missing and that of a parent is 0. */
export function labelsOf(
  interactions: Interactions,
  { column, parents = [] }: Pick<RankedLabel, 'column' | 'parents'>,
): Float32Array {
  const [own, ...above] = [column, ...parents].map((name) => labelOf(interactions, name).values);
  return impliedLabels(own, above);
}

/**
 * Baselines of one label, from its training rows. With `m` the mean of all of them, `m_i` and `m_u` those of an item
 * and of a user, each with `SMOOTHING` further rows at `m`, and `g` the logit (of numbers `g(x) = x`):
 * `base-rate` is `g(m)`, `item-mean` is `g(m_i)`, `user-item-mean` is `g(m_i) + g(m_u) - g(m)`.
 */
export function rowBaselines(
  names: readonly RowBaselineName[],
  label: Pick<RankedLabel, 'column' | 'parents'>,
  train: ExampleSet,
  loss: 'binary' | 'squared',
): RowBaseline[] {
  const { interactions, users, targets } = train;
  const values = labelsOf(interactions, label);
  const total = new Means(1);
  const perItem = new Means(interactions.numItems + 1);
  const perUser = new Means(interactions.numUsers);
  for (let e = 0; e < targets.length; e++) {
    const value = values[targets[e]];
    if (Number.isNaN(value)) continue;
    total.add(0, value);
    perItem.add(interactions.itemIds[targets[e]], value);
    perUser.add(users[e], value);
  }
  const mean = total.mean(0, 0, 0);
  const scaled = (value: number): number => (loss === 'binary' ? Math.log(value / (1 - value)) : value);
  const base = scaled(mean);
  const item = (id: number): number => scaled(perItem.mean(id, mean, SMOOTHING));
  const user = (id: number): number => scaled(perUser.mean(id, mean, SMOOTHING));
  const g = loss === 'binary' ? 'logit of the ' : '';
  const smoothed = `each with ${SMOOTHING} more rows at the mean of all`;
  const all: Readonly<Record<RowBaselineName, Omit<RowBaseline, 'name'>>> = {
    'base-rate': {
      definition: `${g}mean label of the training rows`,
      scores: (set) => new Float64Array(set.targets.length).fill(base),
    },
    'item-mean': {
      definition: `${g}mean label of the training rows of the item, ${smoothed}`,
      scores: (set) => Float64Array.from(set.targets, (target) => item(set.interactions.itemIds[target])),
    },
    'user-item-mean': {
      definition: `${g}mean of the item plus that of the user less that of all, of the training rows, ${smoothed}`,
      scores: (set) =>
        Float64Array.from(
          set.targets,
          (target, e) => item(set.interactions.itemIds[target]) + user(set.users[e]) - base,
        ),
    },
  };
  return names.map((name) => ({ name, ...all[name] }));
}

/** Sums and counts of labels by id. */
class Means {
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;
  constructor(size: number) {
    this.#sums = new Float64Array(size);
    this.#counts = new Float64Array(size);
  }
  add(id: number, value: number): void {
    this.#sums[id] += value;
    this.#counts[id]++;
  }
  /** With `extra` rows at `usual`. */
  mean(id: number, usual: number, extra: number): number {
    return (this.#sums[id] + extra * usual) / (this.#counts[id] + extra);
  }
}

/** The rows of a label under other scores, one of each example of the set. */
export function rescored(ranked: RankedLabel, scores: Float64Array): ScoredRows {
  const { rows, examples } = ranked;
  const own = Float64Array.from(examples, (example) => scores[example]);
  const { labels, groups } = rows;
  const ids = groups && Float64Array.from(groups.of, (group) => groups.ids[group]);
  const kept = { labels, ...(ids && { groups: ids }) };
  return rows instanceof ClickRows ? clickRows({ ...kept, logits: own }) : valueRows({ ...kept, predictions: own });
}
