import { createInteractions, positionColumn } from '../create-interactions.ts';
import { OptionError } from '../errors.ts';
import { idMap, openIdMap } from '../ids.ts';
import type { Interactions } from '../interactions.ts';
import { type RandomSource, randomSource } from '../random.ts';
import type { ExampleSet, Split } from '../splits/split.ts';
import type { Column } from '../table/column.ts';
import { StreamingCeiling } from './streaming-ceiling.ts';

/** Cutoffs of the paper's table. */
const CUTOFFS = [10, 50] as const;

export interface StreamingWorldOptions {
  /** `R`, sequences in the order they arrive. The paper: 1,000,000. */
  readonly records: number;
  /** `I`, items. The paper: 20,000. */
  readonly items: number;
  /** `C`, categories; every item belongs to one, drawn at random. The paper: 100. */
  readonly categories: number;
  /** Events of a record. The paper: 128. */
  readonly length: number;
  readonly seed: number;
  /** Share of the items that are open at the first record; default 0.4, the paper's. */
  readonly openAtStart?: number;
  /** Most categories of a record; default 5, the paper's. */
  readonly maxCategories?: number;
  /**
   * "up to 5 categories": `uniform` draws 1..maxCategories (default), `exact` takes maxCategories.
   * Not stated in the paper.
   */
  readonly categoryCount?: 'uniform' | 'exact';
  /**
   * The random prior over a record's categories: `dirichlet`, uniform on the simplex (default), or
   * `normalised-uniform`, independent uniforms divided by their sum. Not stated in the paper.
   */
  readonly prior?: 'dirichlet' | 'normalised-uniform';
  /**
   * A category without an open item: `redraw` never chooses it for a record (default), `error` throws. Not stated in
   * the paper, where it cannot happen in practice (about 80 open items a category at the start).
   */
  readonly emptyCategory?: 'redraw' | 'error';
  /** Range of the concentration `alpha`, uniform; default [1, 500], the paper's. */
  readonly alpha?: readonly [number, number];
  /** Share of the records, the first ones, that train; default 0.9, the paper's. */
  readonly trainShare?: number;
}

export interface StreamingWorld {
  /** One user a record, in order; no timestamps (`hasTimestamps` is false, positions stand for them). */
  readonly interactions: Interactions;
  /** The first records train, in order; the last ones test. Targets are the last events. */
  readonly split: Split;
  /** Record `r` uses items `1..openItems[r]` only: the corpus to rank at that moment; shape [records]. */
  readonly openItems: Int32Array;
  /** Category of item `i` at `i - 1`; shape [items]. */
  readonly itemCategories: Int32Array;
  /**
   * The HR@k that a predictor can expect at most with seen items among the candidates, over all events of the test
   * records but the first ones.
   */
  readonly ceilings: readonly { readonly cutoff: number; readonly hitRate: number }[];
}

/**
 * The synthetic streaming data on which HSTU and softmax attention differ: a vocabulary that grows, and preferences
 * that reinforce themselves.
 *
 * Record `r` (from 0): the items `1..floor(I (0.4 + 0.6 r / R))` are open; draw its categories, a prior `H` over them
 * and `alpha ~ U(1, 500)`; at position `p = 1, 2, ...` the category is new, `c ~ H`, with probability
 * `alpha / (alpha + p - 1)`, else one that occurred in the record, in proportion to how often; the item is uniform
 * among the open items of `c`. What the paper leaves open is an option here.
 *
 * Memory: 12 bytes an event, 1.5 GB at the paper's size.
 * Source: Zhai et al. 2024 (arXiv:2402.17152), section 3.1 and appendix C.
 * @throws {OptionError} for sizes that make no sense, or an empty category with `emptyCategory: 'error'`
 */
export function streamingWorld(options: StreamingWorldOptions): StreamingWorld {
  const settings = withDefaults(options);
  const { records, items, categories, length, seed } = settings;
  const itemCategories = new Int32Array(items);
  const assign = randomSource(seed, 'streaming world', 'categories');
  const byCategory: number[][] = Array.from({ length: categories }, () => []);
  for (let item = 1; item <= items; item++) {
    const category = assign.integer(categories);
    itemCategories[item - 1] = category;
    byCategory[category].push(item);
  }

  const random = randomSource(seed, 'streaming world', 'records');
  const open = new Int32Array(categories);
  const openItems = new Int32Array(records);
  const itemIds = new Int32Array(records * length);
  const chosen = new Int32Array(length);
  const ceiling = new StreamingCeiling(CUTOFFS);
  const cut = trainRecords(settings);
  for (let r = 0; r < records; r++) {
    const largest = Math.max(
      1,
      Math.floor(items * (settings.openAtStart + ((1 - settings.openAtStart) * r) / records)),
    );
    openItems[r] = largest;
    for (let c = 0; c < categories; c++) {
      while (open[c] < byCategory[c].length && byCategory[c][open[c]] <= largest) open[c]++;
    }
    const mine = recordCategories(open, settings, random);
    const weights = prior(mine.length, settings.prior, random);
    const cumulative = cumulated(weights);
    const counts = new Array<number>(mine.length).fill(0);
    const alpha = settings.alpha[0] + random.uniform() * (settings.alpha[1] - settings.alpha[0]);
    for (let p = 0; p < length; p++) {
      if (r >= cut && p > 0) {
        const mass = weights.map((weight, c) => (alpha * weight + counts[c]) / (alpha + p));
        ceiling.add(
          mass,
          mine.map((c) => open[c]),
        );
      }
      // Picking an earlier position uniformly picks its category in proportion to its count.
      const c =
        random.uniform() * (alpha + p) < alpha ? indexOf(cumulative, random.uniform()) : chosen[random.integer(p)];
      chosen[p] = c;
      counts[c]++;
      itemIds[r * length + p] = byCategory[mine[c]][random.integer(open[mine[c]])];
    }
  }
  const interactions = worldInteractions('streaming', settings, itemIds, itemCategories);
  const ceilings = ceiling.hitRates.map((hitRate, i) => ({ cutoff: CUTOFFS[i], hitRate }));
  const split = orderedSplit(interactions, { length, cut, trainShare: settings.trainShare, ceilings });
  return { interactions, split, openItems, itemCategories, ceilings };
}

type Settings = Required<StreamingWorldOptions>;

function withDefaults(options: StreamingWorldOptions): Settings {
  for (const key of ['records', 'items', 'categories', 'length'] as const) {
    const least = key === 'records' || key === 'length' ? 2 : 1;
    if (!Number.isInteger(options[key]) || options[key] < least) {
      throw new OptionError('streamingWorld', `expected ${key} of ${least} or more; got ${options[key]}`, { key });
    }
  }
  return {
    openAtStart: 0.4,
    maxCategories: 5,
    categoryCount: 'uniform',
    prior: 'dirichlet',
    emptyCategory: 'redraw',
    alpha: [1, 500],
    trainShare: 0.9,
    ...options,
  };
}

/** Distinct categories of a record, drawn without replacement. */
function recordCategories(open: Int32Array, settings: Settings, random: RandomSource): number[] {
  const { categories, emptyCategory, categoryCount, maxCategories } = settings;
  const available: number[] = [];
  for (let c = 0; c < categories; c++) {
    if (open[c] > 0) available.push(c);
    else if (emptyCategory === 'error') {
      throw new OptionError('streamingWorld', `expected an open item in every category; got none in category ${c}`, {
        key: 'emptyCategory',
        hint: "use more items, fewer categories, or 'redraw'",
      });
    }
  }
  const most = Math.min(maxCategories, available.length);
  const count = categoryCount === 'exact' ? most : 1 + random.integer(most);
  for (let n = 0; n < count; n++) {
    const at = n + random.integer(available.length - n);
    const swapped = available[n];
    available[n] = available[at];
    available[at] = swapped;
  }
  return available.slice(0, count);
}

/** The first records train. */
function trainRecords({ records, trainShare }: Settings): number {
  const cut = Math.round(records * trainShare);
  if (!(cut >= 1 && cut < records)) {
    throw new OptionError('streamingWorld', `expected a trainShare that leaves both parts; got ${trainShare}`, {
      key: 'trainShare',
    });
  }
  return cut;
}

/** A random prior over `count` categories. */
function prior(count: number, kind: Settings['prior'], random: RandomSource): number[] {
  // Exponentials divided by their sum are Dirichlet(1, ..., 1).
  const weights = Array.from({ length: count }, () =>
    kind === 'dirichlet' ? -Math.log(1 - random.uniform()) : random.uniform(),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

function cumulated(weights: readonly number[]): number[] {
  let sum = 0;
  return weights.map((weight) => {
    sum += weight;
    return sum;
  });
}

function indexOf(cumulative: readonly number[], uniform: number): number {
  for (let c = 0; c < cumulative.length - 1; c++) if (uniform < cumulative[c]) return c;
  return cumulative.length - 1;
}

function worldInteractions(
  name: string,
  settings: Settings,
  itemIds: Int32Array,
  itemCategories: Int32Array,
): Interactions {
  const { records, items, categories, length } = settings;
  const timestamps = new Float64Array(itemIds.length);
  for (let e = 0; e < timestamps.length; e++) timestamps[e] = e % length;
  const { seed, alpha, ...rest } = settings;
  const kinds = idMap(
    Array.from({ length: categories }, (_, c) => `category ${c}`),
    1,
  );
  const ids = openIdMap({ kind: 'integer', values: Float64Array.from({ length: items }, (_, i) => i + 1) }, 1);
  return createInteractions({
    name,
    users: openIdMap({ kind: 'integer', values: Float64Array.from({ length: records }, (_, r) => r) }, 0),
    items: ids,
    userOffsets: Int32Array.from({ length: records + 1 }, (_, r) => r * length),
    columns: new Map<string, Column>([
      ['item', { kind: 'id', values: itemIds, ids }],
      [positionColumn, { kind: 'time', values: timestamps }],
    ]),
    itemTable: {
      rows: items,
      columns: new Map([['category', { kind: 'id', values: itemCategories.map((c) => c + 1), ids: kinds }]]),
    },
    roles: { user: 'user', item: 'item', labels: [], categories: 'category' },
    hasTimestamps: false,
    steps: [
      {
        name: 'generate',
        detail: `Generated ${records} streaming records of ${length} events over ${items} items in ${categories} categories.`,
        params: { world: 'streaming', seed, alphaLow: alpha[0], alphaHigh: alpha[1], ...rest },
        counts: { events: itemIds.length },
      },
    ],
  });
}

interface Cut {
  readonly length: number;
  readonly cut: number;
  readonly trainShare: number;
  readonly ceilings: StreamingWorld['ceilings'];
}

/** The first records train and the last ones test, in order. */
function orderedSplit(interactions: Interactions, { length, cut, trainShare, ceilings }: Cut): Split {
  const records = interactions.numUsers;
  const most = ceilings.map(({ cutoff, hitRate }) => `HR@${cutoff} ${hitRate.toFixed(4)}`).join(' or ');
  const part = (name: ExampleSet['name'], from: number, to: number): ExampleSet => ({
    name,
    interactions,
    users: Int32Array.from({ length: to - from }, (_, r) => from + r),
    starts: Int32Array.from({ length: to - from }, (_, r) => (from + r) * length),
    targets: Int32Array.from({ length: to - from }, (_, r) => (from + r + 1) * length - 1),
  });
  return {
    protocol: 'streaming',
    interactions,
    train: part('train', 0, cut),
    test: part('test', cut, records),
    step: {
      name: 'split',
      detail: `streaming: the first ${cut} records train, in order, the last ${records - cut} test; no predictor can expect more than ${most} over all positions of these with seen items among the candidates; at the last ones, which are the targets, it may be a little more.`,
      params: { protocol: 'streaming', trainShare },
      counts: { train: cut, test: records - cut },
    },
  };
}
