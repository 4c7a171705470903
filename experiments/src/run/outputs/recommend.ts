import { type Interactions, type NamedColumns, takeEach } from '@seqrec/data';
import { codeWriter, type GeneratedItem, generateItems, recommend, type TokenEncoder } from '@seqrec/models';
import { type CodedItems, denseDecoding } from '../../data/coded-items.ts';
import { UsageError } from '../../errors.ts';
import { madeUpTimes } from '../../report/page/page-data.ts';
import { type Column, renderTable } from '../../terminal/table.ts';
import type { NamedItem } from '../folder/results.ts';
import { itemsFromText, nameItem } from './item-names.ts';

/** Events as the model takes them: dense items and seconds, oldest first. */
export interface EventHistory {
  readonly items: readonly number[];
  readonly timestamps: readonly number[];
  /** Where the data have them. */
  readonly ratings?: readonly number[];
  /** Further columns of the events, and of the user, where they are known. */
  readonly eventColumns?: NamedColumns;
  readonly userColumns?: NamedColumns;
  /** Number of the user, of the data. */
  readonly user?: number;
}

export interface Recommendation {
  readonly history: readonly (NamedItem & { readonly time?: string })[];
  readonly recommendations: readonly (NamedItem & { readonly score: number; readonly codes?: string })[];
  /** What a score is, where it is no cosine: a product, or what codes say of an item. */
  readonly similarity?: 'dot' | CodeScore;
}

/** Log-probabilities of the codes of an item, alone, less a part of its popularity, or mixed with that by vectors. */
type CodeScore = 'log-probability' | 'debiased' | 'mixed';

/** What recommends: a model and, where it writes codes, those of the items. */
export interface Recommender {
  readonly model: TokenEncoder;
  readonly generation?: CodedItems;
  /** Newest events that are read of a history. */
  readonly window: number;
}

const SHOWN_EVENTS = 10;

/** All events of a user of the data. */
export function historyOfUser(interactions: Interactions, external: string): EventHistory {
  const user = interactions.users.dense(external);
  if (user === undefined) {
    const few = Array.from({ length: Math.min(5, interactions.numUsers) }, (_, u) => interactions.users.external(u));
    throw new UsageError(
      `--user: expected a user of ${interactions.name}; got "${external}"`,
      `the first are ${few.join(', ')}`,
    );
  }
  return historyBetween(interactions, user, interactions.userOffsets[user], interactions.userOffsets[user + 1]);
}

/** The events of a user of the data from one up to another, the latter left out. */
export function historyBetween(interactions: Interactions, user: number, start: number, end: number): EventHistory {
  return {
    items: [...interactions.itemIds.subarray(start, end)],
    timestamps: [...interactions.timestamps.subarray(start, end)],
    ...(interactions.ratings && { ratings: [...interactions.ratings.subarray(start, end)] }),
    eventColumns: takeEach(
      interactions.events.columns,
      Int32Array.from({ length: end - start }, (_, i) => start + i),
    ),
    userColumns: takeEach(interactions.userTable.columns, [user]),
    user,
  };
}

/**
 * A history written as `id,id,...`, an entry may also be a title: see {@link itemsFromText}. The events are set a
 * minute apart and end at the latest time of the data.
 *
 * @throws UsageError for what is neither, and for a title that several items have
 */
export function historyFromText(interactions: Interactions, text: string): EventHistory {
  const items = itemsFromText(interactions, text, '--history');
  const { hasTimestamps, timestamps } = interactions;
  const latest = hasTimestamps === false ? undefined : timestamps.reduce((most, time) => Math.max(most, time), 0);
  return { items, timestamps: madeUpTimes(items.length, latest) };
}

/** The best items after a history, with the names of the data; seen items are those of the whole history. */
export async function recommendFor(
  { model, generation, window }: Recommender,
  interactions: Interactions,
  events: EventHistory,
  options: {
    readonly k: number;
    readonly excludeSeen?: boolean;
    /** In the place of items of the history. */
    readonly leftOut?: readonly number[];
    readonly requestTime?: number;
  },
): Promise<Recommendation> {
  if (options.k > interactions.numItems)
    throw new UsageError(`-k: expected at most ${interactions.numItems}, the number of items; got ${options.k}`);
  const { items: history, timestamps, ratings, eventColumns, userColumns, user } = events;
  const given = {
    ...(user !== undefined && { user }),
    ...(ratings && { ratings }),
    ...(eventColumns && { eventColumns }),
    ...(userColumns && { userColumns }),
  };
  // Where numbers in the sequence stand for times, the next event has the next one.
  const next = interactions.hasTimestamps === false ? { requestTime: (timestamps.at(-1) ?? -1) + 1 } : {};
  const asked = { history, timestamps, ...next, ...options };
  const written = generation && (await generateItems({ ...writing(model, generation), ...asked, maxEvents: window }));
  const scored = written ?? (await recommend({ model, ...given, ...asked }));
  const shown = events.items.slice(-SHOWN_EVENTS);
  const times = events.timestamps.slice(-SHOWN_EVENTS);
  return {
    history: shown.map((item, i) => ({
      ...nameItem(interactions, item),
      ...(interactions.hasTimestamps && { time: isoTime(times[i]) }),
    })),
    recommendations: scored.map((each) => ({
      ...nameItem(interactions, each.item),
      score: each.score,
      ...('codes' in each && { codes: (each as GeneratedItem).codes.join(' ') }),
    })),
    ...(generation === undefined
      ? model.similarity === 'dot' && { similarity: model.similarity }
      : { similarity: codeScore(generation) }),
  };
}

function codeScore({ dense, debias }: CodedItems): CodeScore {
  if (dense !== undefined && dense.mix < 1) return 'mixed';
  return debias.weight === 0 ? 'log-probability' : 'debiased';
}

/** What writes items, and how it is asked. */
function writing(model: TokenEncoder, generation: CodedItems) {
  const { codes, beams, mask, debias } = generation;
  const dense = denseDecoding(generation, model);
  return { writer: codeWriter(model, generation), codes, beams, mask, debias, ...(dense && { dense }) };
}

function isoTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString();
}

export function renderRecommendation(result: Recommendation, user: string | undefined): string {
  const history = renderTable(
    ...withoutEmpty(
      [{ title: 'when' }, { title: 'item' }, { title: 'title' }],
      result.history.map((event) => [event.time?.slice(0, 16).replace('T', ' ') ?? '', event.item, event.title ?? '']),
    ),
  );
  const items = renderTable(
    ...withoutEmpty(
      [
        { title: '', align: 'right' },
        { title: 'score', align: 'right' },
        { title: 'codes' },
        { title: 'item' },
        { title: 'title' },
      ],
      result.recommendations.map((each, i) => [
        ...[String(i + 1), each.score.toFixed(4)],
        ...[each.codes ?? '', each.item, each.title ?? ''],
      ]),
    ),
  );
  const score = {
    dot: 'product',
    'log-probability': 'log-probability of the codes',
    debiased: 'log-probability of the codes, less a part of that of the popularity of the item',
    mixed: 'log-probabilities of the codes and of the vector, mixed',
    cosine: 'cosine',
  }[result.similarity ?? 'cosine'];
  const whose = user === undefined ? 'History' : `History of user ${user}`;
  return `${whose} (the latest ${result.history.length} events, oldest first)\n\n${history}\n\nRecommended next (score: ${score})\n\n${items}`;
}

/** Without the columns of what the data do not have: times, titles. */
function withoutEmpty(columns: readonly Column[], rows: readonly (readonly string[])[]): [Column[], string[][]] {
  const filled = columns.map((_, i) => rows.some((row) => row[i] !== ''));
  const kept = <T>(row: readonly T[]): T[] => row.filter((_, i) => filled[i]);
  return [kept(columns), rows.map(kept)];
}
