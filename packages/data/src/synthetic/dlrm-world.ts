import { createInteractions } from '../create-interactions.ts';
import { OptionError } from '../errors.ts';
import { impressionExamples } from '../examples/impressions.ts';
import { requestsOf } from '../examples/requests.ts';
import { takeExamples } from '../examples/take.ts';
import { idMap, openIdMap } from '../ids.ts';
import type { Interactions } from '../interactions.ts';
import { namedRandom } from '../philox.ts';
import { type RandomSource, randomSource } from '../random.ts';
import { rowsWhere } from '../rows-where.ts';
import type { ExampleSet, RowSplit } from '../splits/split.ts';
import type { Column } from '../table/column.ts';
import { dlrmLimits } from './dlrm-limits.ts';
import { categoryParts, chosen, itemQualities, LIKED_FROM, quarterOf, ratingOf } from './dlrm-ratings.ts';

export interface DlrmWorldOptions {
  /** The benchmark: 5,000,000. */
  readonly users: number;
  /** The benchmark: 10^9. */
  readonly items: number;
  readonly seed: number;
  /** Steps of the stream, besides one that begins the histories; default 100, the benchmark's. */
  readonly steps?: number;
  /** Categories of the items, equal blocks of them; default 128. */
  readonly categories?: number;
  /** Categories of a user, in an order that decides what is thought of them; default 4. */
  readonly categoriesPerUser?: number;
  /** Mean of the events of a user in a step; default 50 events an item, `floor(50 items / users / steps)`. */
  readonly eventsPerStep?: number;
  /** Candidates of a request in training, events of its step; default 32. A step has one event more at least. */
  readonly candidates?: number;
  /** Candidates of a request in the test steps; default 2,048. */
  readonly testCandidates?: number;
  /** Probability that a user comes at a step; default 0.7. */
  readonly presence?: number;
  /** Share of the steps, the first ones, that train and validate; default 0.9. */
  readonly trainShare?: number;
  /** The last of these, that validate; default 1. They are of few phases, which a calibrator would take for all. */
  readonly validationSteps?: number;
  /**
   * Share of the requests of the others, by chance, that validate as well: they are of all phases. What was done
   * there is in the histories of later requests that train, as everything earlier is. Default 0.
   */
  readonly validationShare?: number;
  /** Latest events of a history that are kept; default all. */
  readonly maxHistory?: number;
}

export interface DlrmWorld {
  /** A user's steps in order, one request a step; times are the numbers of the steps in seconds, the first one 0. */
  readonly interactions: Interactions;
  /** Rows are the candidates, each with all that its user did in earlier steps; see {@link RowSplit.limits}. */
  readonly split: RowSplit;
  /** Quality of item `i` at `i - 1`; shape [items]. */
  readonly itemQualities: Float32Array;
  /** Categories of each user by place, from 0; shape [users, categoriesPerUser]. */
  readonly userCategories: Int32Array;
}

type Settings = Required<Omit<DlrmWorldOptions, 'maxHistory'>> & Pick<DlrmWorldOptions, 'maxHistory'>;

/** What becomes of an event. */
const HISTORY = 1;
const CANDIDATE = 2;

/**
 * The synthetic streaming data of MLPerf's DLRM-v3 inference benchmark, at any size: ratings whose law is known, so
 * that what a model can reach is known too.
 *
 * Items are equal blocks of categories; each has a quality 5, 4, 3, 2, 1 (.2, .25, .25, .2, .1). A user has an ordered
 * list of categories. At step `t` (-1 begins the histories; then each with probability `presence`) the user has
 * `n ~ round(N(eventsPerStep, floor(eventsPerStep / 4)))` events: their categories are drawn with
 * `p_c = (alpha / places + n_c) / (alpha + n)`, `alpha` uniform in 1..500 and `n_c` the events of `c` in earlier steps;
 * the item is uniform in the first `(t + 1) / steps` of its block, so that items are new as time goes on. The rating is
 * the mean of the quality and of what the category gives at its place and step (`categoryParts`); the label `like` is
 * whether it is 3.5 or more. In training steps some of the events are the candidates of a request, all are in later
 * histories; in test steps `testCandidates` events are the candidates, and `n` of them are in later histories.
 *
 * Memory: about 24 bytes an event.
 * Source: mlcommons/inference, `recommendation/dlrm_v3/streaming_synthetic_data.py`.
 * Differs from the source in: cosines at eighths of a turn are exact; a step of more events than test candidates is cut
 * to these; what validates are the last training steps, where the source has a further step beside the first test step.
 * @throws {OptionError} for sizes that make no sense
 */
export function dlrmWorld(options: DlrmWorldOptions): DlrmWorld {
  const settings = withDefaults(options);
  const { users, items, categories, categoriesPerUser: places, seed } = settings;
  const random = randomSource(seed, 'dlrm world', 'qualities');
  const qualities = Float32Array.from({ length: items }, () => chosen(itemQualities, random.uniform()));
  const userCategories = new Int32Array(users * places);
  const events = new EventList();
  const draws = randomSource(seed, 'dlrm world', 'events');
  const userOffsets = new Int32Array(users + 1);
  for (let u = 0; u < users; u++) {
    const own = userCategories.subarray(u * places, (u + 1) * places);
    drawCategories(own, categories, draws);
    addUser(events, own, qualities, settings, draws);
    userOffsets[u + 1] = events.length;
  }
  const interactions = worldInteractions(settings, events, userOffsets);
  return { interactions, split: worldSplit(interactions, events, settings), itemQualities: qualities, userCategories };
}

/** Steps of the parts: those before `validation` train, those from `test` on test. */
function cutsOf({ steps, trainShare, validationSteps }: Settings): {
  readonly validation: number;
  readonly test: number;
} {
  const test = Math.floor(steps * trainShare + 1e-9);
  return { validation: test - validationSteps, test };
}

function withDefaults(options: DlrmWorldOptions): Settings {
  const { users, items, steps = 100 } = options;
  const settings: Settings = {
    steps,
    categories: 128,
    categoriesPerUser: 4,
    eventsPerStep: Math.floor((50 * items) / users / steps),
    candidates: 32,
    testCandidates: 2048,
    presence: 0.7,
    trainShare: 0.9,
    validationSteps: 1,
    validationShare: 0,
    ...options,
  };
  const fail = (key: keyof DlrmWorldOptions, expected: string): never => {
    throw new OptionError('dlrmWorld', `expected ${key} ${expected}; got ${settings[key]}`, { key });
  };
  const whole = (key: keyof DlrmWorldOptions, least: number): void => {
    if (!Number.isInteger(settings[key]) || (settings[key] as number) < least) fail(key, `of ${least} or more`);
  };
  for (const key of ['users', 'categories', 'eventsPerStep', 'candidates', 'testCandidates'] as const) whole(key, 1);
  whole('categoriesPerUser', 4);
  whole('steps', 3);
  whole('validationSteps', 0);
  if (settings.maxHistory !== undefined) whole('maxHistory', 1);
  if (settings.categoriesPerUser > settings.categories) fail('categoriesPerUser', `of ${settings.categories} or fewer`);
  // The first step needs an item in every category that is open.
  whole('items', settings.categories * steps);
  if (!(settings.presence > 0 && settings.presence <= 1)) fail('presence', 'above 0, at most 1');
  if (!(settings.validationShare >= 0 && settings.validationShare < 1)) fail('validationShare', 'from 0, below 1');
  const { validation, test } = cutsOf(settings);
  if (!(test < steps)) fail('trainShare', 'that leaves a step to test on');
  if (!(validation >= 1)) fail('validationSteps', 'that leaves a step to train on');
  return settings;
}

/** Distinct categories in a random order. */
function drawCategories(into: Int32Array, categories: number, random: RandomSource): void {
  for (let n = 0; n < into.length; ) {
    const category = random.integer(categories);
    if (into.subarray(0, n).includes(category)) continue;
    into[n++] = category;
  }
}

function addUser(
  events: EventList,
  own: Int32Array,
  qualities: Float32Array,
  settings: Settings,
  random: RandomSource,
): void {
  const { steps, items, categories, candidates, testCandidates, presence } = settings;
  const places = own.length;
  const block = Math.floor(items / categories);
  const counts = new Array<number>(places).fill(0);
  const { test } = cutsOf(settings);
  let earlier = 0;
  for (let step = -1; step < steps; step++) {
    if (step >= 0 && random.uniform() >= presence) continue;
    const isTest = step >= test;
    const remembered = Math.min(numEvents(settings, random), isTest ? testCandidates : Number.POSITIVE_INFINITY);
    const drawn = isTest ? testCandidates : remembered;
    const alpha = 1 + random.integer(500);
    const before = counts.slice();
    const open = Math.max(1, Math.floor((block * Math.max(step + 1, 1)) / steps));
    for (let n = 0; n < drawn; n++) {
      const place = placeAt(before, alpha, earlier, random.uniform());
      counts[place]++;
      const item = own[place] * block + random.integer(open);
      const part = chosen(categoryParts(quarterOf(place, places), step), random.uniform());
      // Events are exchangeable: the first ones are as good a sample as any.
      const use = isTest
        ? CANDIDATE | (n < remembered ? HISTORY : 0)
        : HISTORY | (step >= 0 && n < candidates ? CANDIDATE : 0);
      events.add(item + 1, step, ratingOf(part, qualities[item]), use);
    }
    earlier += drawn;
  }
}

/** Events of a step: normal, rounded, and one more than the candidates at least. */
function numEvents({ eventsPerStep, candidates }: Settings, random: RandomSource): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
  return Math.max(candidates + 1, Math.round(eventsPerStep + normal * Math.floor(eventsPerStep / 4)));
}

function placeAt(counts: readonly number[], alpha: number, earlier: number, uniform: number): number {
  let left = uniform * (alpha + earlier);
  for (let place = 0; place < counts.length - 1; place++) {
    left -= alpha / counts.length + counts[place];
    if (left < 0) return place;
  }
  return counts.length - 1;
}

/** Events one by one. */
class EventList {
  readonly items: number[] = [];
  readonly steps: number[] = [];
  readonly ratings: number[] = [];
  readonly uses: number[] = [];

  get length(): number {
    return this.items.length;
  }

  add(item: number, step: number, rating: number, use: number): void {
    this.items.push(item);
    this.steps.push(step);
    this.ratings.push(rating);
    this.uses.push(use);
  }
}

function worldInteractions(settings: Settings, events: EventList, userOffsets: Int32Array): Interactions {
  const { users, items, categories, seed, maxHistory: _, ...rest } = settings;
  const ids = openIdMap({ kind: 'integer', values: Float64Array.from({ length: items }, (_, i) => i + 1) }, 1);
  const names = (what: string, count: number) =>
    idMap(
      Array.from({ length: count }, (_, n) => `${what} ${n}`),
      1,
    );
  const block = Math.floor(items / categories);
  const requests = requestNumbers(events, userOffsets);
  const columns = new Map<string, Column>([
    ['item', { kind: 'id', values: Int32Array.from(events.items), ids }],
    ['time', { kind: 'time', values: Float64Array.from(events.steps, (step) => step + 1) }],
    ['rating', { kind: 'number', values: Float32Array.from(events.ratings), width: 1 }],
    ['like', { kind: 'number', values: Float32Array.from(events.ratings, (r) => Number(r >= LIKED_FROM)), width: 1 }],
    ['request', { kind: 'id', values: requests, ids: names('request', requests[requests.length - 1]) }],
  ]);
  // Items of a last block that is not whole are in no category of a user.
  const category = Int32Array.from({ length: items }, (_, i) => 1 + Math.min(categories - 1, Math.floor(i / block)));
  return createInteractions({
    name: 'dlrm',
    users: openIdMap({ kind: 'integer', values: Float64Array.from({ length: users }, (_, u) => u) }, 0),
    items: ids,
    userOffsets,
    columns,
    itemTable: {
      rows: items,
      columns: new Map([['category', { kind: 'id', values: category, ids: names('category', categories) }]]),
    },
    roles: {
      ...{ user: 'user', item: 'item', time: 'time', action: 'rating', request: 'request', categories: 'category' },
      labels: ['like'],
      labelSources: ['rating'],
    },
    steps: [
      {
        name: 'generate',
        detail: `Generated ${events.length} ratings of ${users} users in ${settings.steps} steps, over ${items} items in ${categories} categories.`,
        params: { world: 'dlrm', seed, users, items, categories, ...rest },
        counts: { events: events.length },
      },
    ],
  });
}

/** Requests by number, from 1: the events of a user at a step. */
function requestNumbers({ steps, length }: EventList, userOffsets: Int32Array): Int32Array {
  const requests = new Int32Array(length);
  let request = 0;
  for (let u = 0; u + 1 < userOffsets.length; u++) {
    for (let e = userOffsets[u]; e < userOffsets[u + 1]; e++) {
      if (e === userOffsets[u] || steps[e] !== steps[e - 1]) request++;
      requests[e] = request;
    }
  }
  return requests;
}

/** The candidates by their steps, each with what its user did before. */
function worldSplit(interactions: Interactions, { uses, steps }: EventList, settings: Settings): RowSplit {
  const { maxHistory, categoriesPerUser, seed, validationShare } = settings;
  const { validation, test } = cutsOf(settings);
  const history = Uint8Array.from(uses, (use) => use & HISTORY);
  const all = impressionExamples(interactions, { history, ...(maxHistory !== undefined && { maxHistory }) });
  const none = 255;
  const random = namedRandom(seed, 'dlrm world validation');
  const { of: requests } = requestsOf(interactions);
  const parts = Uint8Array.from(uses, (use, e) => {
    if ((use & CANDIDATE) === 0) return none;
    if (steps[e] >= validation) return steps[e] < test ? 1 : 2;
    return random.uniform(requests[e]) < validationShare ? 1 : 0;
  });
  const validates = validation < test || validationShare > 0;
  const part = (number: number, name: ExampleSet['name']): ExampleSet =>
    takeExamples(all, rowsWhere(parts, number), name);
  const [train, validated, tested] = [part(0, 'train'), part(1, 'validation'), part(2, 'test')];
  const testSteps = Array.from({ length: settings.steps - test }, (_, s) => test + s);
  const rows = [train, validated, tested].map(({ targets }) => targets.length);
  const chosenBy = [
    ...(validation < test ? [`of the steps before ${test}`] : []),
    ...(validationShare > 0
      ? [`of requests by chance, whose ratings are in the histories of later ones that train`]
      : []),
  ].join(' and ');
  const kept = maxHistory === undefined ? '' : `, the latest ${maxHistory} of them`;
  return {
    protocol: 'rows-by-time',
    examples: 'impressions',
    interactions,
    train,
    ...(validates && { validation: validated }),
    test: tested,
    cuts: { testTime: test + 1, ...(validation < test && { validationTime: validation + 1 }) },
    limits: dlrmLimits(testSteps, categoriesPerUser, validation),
    step: {
      name: 'split',
      detail: `steps: ${rows[0]} candidates before step ${validation} train, ${rows[1]} ${chosenBy} validate and ${rows[2]} from step ${test} on test; a history is all that its user did in earlier steps${kept}.`,
      params: { protocol: 'rows-by-time', steps: settings.steps, ...(maxHistory !== undefined && { maxHistory }) },
      counts: { train: rows[0], validation: rows[1], test: rows[2] },
    },
  };
}
