import { shuffle, streamKey } from '@seqrec/core';
import { type Interactions, wordsOf } from '@seqrec/data';
import {
  CodeTrie,
  type GenerationConfig,
  incrementalOf,
  itemsOfTitles,
  itemsWith,
  rowsOfText,
  type Speaker,
  type TokenEncoder,
  textRows,
  writeTexts,
} from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';
import type { CodedItems } from '../../data/coded-items.ts';
import { UsageError } from '../../errors.ts';
import { renderTable } from '../../terminal/table.ts';
import type { NamedItem } from '../folder/results.ts';
import { nameItem } from './item-names.ts';

/** A run of a language, asked about items. */
export interface SpokenRun {
  readonly speaker: Speaker;
  readonly generation: CodedItems;
  readonly interactions: Interactions;
}

/** @throws UsageError for a run that speaks no words, naming what it was asked for. */
export function spokenRun(model: TokenEncoder, generation: CodedItems | undefined, interactions: Interactions) {
  const language = generation?.language;
  if (generation === undefined || language === undefined)
    throw new UsageError(
      'seqrec titles: expected a run with task.language, which knows words; got one without',
      'such as of seqrec train amazon-beauty/language',
    );
  const { temperature } = generation;
  const speaker = { encoder: model, language, temperature, isCached: incrementalOf(model).append };
  return { speaker, generation, interactions };
}

/** @throws UsageError for a question that a run has not learned to answer. */
export function checkLearned(config: Pick<RecipeConfig, 'task'>, asked: readonly ('toTitle' | 'fromTitle')[]): void {
  const { language } = config.task as GenerationConfig;
  for (const task of asked) {
    if (language?.tasks[task] !== 0) continue;
    throw new UsageError(
      `seqrec titles: expected a run with task.language.tasks.${task} above 0; got one that has not learned it`,
      task === 'toTitle' ? '--find asks for items alone' : '--of asks for titles alone',
    );
  }
}

/** Titles that are written of an item, best first. */
export interface WrittenTitles extends NamedItem {
  readonly written: readonly { readonly text: string; readonly score: number }[];
}

/** The `k` likeliest titles of each item. */
export async function titlesOf(
  { speaker, interactions }: SpokenRun,
  items: readonly number[],
  { k, lengthPenalty }: { readonly k: number; readonly lengthPenalty: number },
): Promise<WrittenTitles[]> {
  const lists = await writeTexts(speaker, 'toTitle', items, { width: Math.max(k, BEAMS), lengthPenalty });
  return items.map((item, i) => ({
    ...nameItem(interactions, item),
    written: lists[i].slice(0, k).map(({ words, score }) => ({ text: words.map(shown).join(' '), score })),
  }));
}

/** An item that words found. */
export interface FoundItem extends NamedItem {
  readonly codes: string;
  readonly score: number;
}

/** The `k` likeliest items of a title. @throws UsageError for one without a word. */
export async function itemsFoundBy(
  { speaker, generation, interactions }: SpokenRun,
  title: string,
  k: number,
): Promise<{ readonly read: string; readonly items: FoundItem[] }> {
  const words = wordsOf(title);
  if (words.length === 0) throw new UsageError(`--find: expected words of a title; got "${title}"`);
  const { codes } = generation;
  const rows = rowsOfText(speaker.language, title);
  const [list] = await itemsOfTitles(speaker, [rows], beamsOf(generation, k));
  const levels = codes.sizes.length;
  const items = Array.from(list.rows.subarray(0, k), (row, i) => ({
    ...nameItem(interactions, row + 1),
    codes: codes.values.subarray(row * levels, (row + 1) * levels).join(' '),
    score: list.scores[i],
  }));
  const { rare } = speaker.language;
  return { read: rows.map((row, i) => shown(row === rare ? undefined : words[i])).join(' '), items };
}

/** How well titles of some items are written, and items are found by theirs. */
export interface TitleFigures {
  readonly items: number;
  /** Share of items whose likeliest title is theirs, word by word; one with a rare word is not. */
  readonly exact: number;
  /** Mean F1 of the words of the likeliest title as a bag; a rare word is never right. */
  readonly F1: number;
  /** The highest F1 that a text can have, {@link limitOfF1}. */
  readonly limit: number;
  readonly 'HR@1': number;
  readonly 'HR@10': number;
}

/** Of so many items, drawn by a seed, or of all that have a title. */
export async function titleFigures(
  run: SpokenRun,
  { sample, seed, lengthPenalty }: { readonly sample: number; readonly seed: number; readonly lengthPenalty: number },
): Promise<TitleFigures> {
  const { speaker, generation } = run;
  const { language } = speaker;
  const titled = itemsWith(language.titles);
  const items = Array.from(shuffle(streamKey(seed, 'titles'), 0, titled.length).subarray(0, sample), (i) => titled[i]);
  const totals = { exact: 0, F1: 0, limit: 0, 'HR@1': 0, 'HR@10': 0 };
  for (let from = 0; from < items.length; from += AT_ONCE) {
    const own = items.slice(from, from + AT_ONCE);
    const titles = own.map((item) => textRows(language, language.titles, item));
    const texts = await writeTexts(speaker, 'toTitle', own, { width: BEAMS, lengthPenalty });
    const found = await itemsOfTitles(speaker, titles, beamsOf(generation, 10));
    for (const [i, item] of own.entries()) {
      const known = titles[i].map((row) =>
        row === language.rare ? undefined : language.words[row - language.rare - 1],
      );
      const { words } = texts[i][0];
      totals.exact += Number(words.length === known.length && words.every((word, w) => word && word === known[w]));
      totals.F1 += wordF1(words, known);
      totals.limit += limitOfF1(known);
      const place = found[i].rows.indexOf(item - 1);
      totals['HR@1'] += Number(place === 0);
      totals['HR@10'] += Number(place >= 0 && place < 10);
    }
  }
  const means = Object.fromEntries(Object.entries(totals).map(([name, sum]) => [name, sum / items.length]));
  return { items: items.length, ...(means as typeof totals) };
}

/** Titles that are kept while one is written. */
const BEAMS = 5;
/** Items that are asked about in one pass. */
const AT_ONCE = 64;

function beamsOf({ codes, beams, mask }: CodedItems, k: number) {
  return { trie: new CodeTrie(codes), width: beams === 'all' ? Number.POSITIVE_INFINITY : Math.max(beams, k), mask };
}

const shown = (word: string | undefined): string => word ?? '…';

/** F1 of two texts as bags of words, `2 |both| / (|one| + |other|)`; a rare word is in neither with another. */
export function wordF1(one: readonly (string | undefined)[], other: readonly (string | undefined)[]): number {
  const left = new Map<string, number>();
  for (const word of other) if (word !== undefined) left.set(word, (left.get(word) ?? 0) + 1);
  let both = 0;
  for (const word of one) {
    const count = word === undefined ? 0 : (left.get(word) ?? 0);
    if (count === 0) continue;
    left.set(word as string, count - 1);
    both++;
  }
  return one.length + other.length === 0 ? 0 : (2 * both) / (one.length + other.length);
}

/**
 * The highest {@link wordF1} of any text beside one of `n` words of which `r` are not rare, `2 r / (r + n)`: its words
 * but for the rare ones, which would be wrong if they were written.
 */
export function limitOfF1(text: readonly (string | undefined)[]): number {
  return wordF1(
    text.filter((word) => word !== undefined),
    text,
  );
}

/** Titles beside those of the data. */
export function renderTitles(titles: readonly WrittenTitles[]): string {
  const rows = titles.flatMap(({ item, title, written }) =>
    written.map(({ text, score }, i) => [
      ...(i === 0 ? [item, title ?? ''] : ['', '']),
      ...[String(i + 1), score.toFixed(4), text],
    ]),
  );
  return renderTable(
    [
      { title: 'item' },
      { title: 'its title' },
      { title: '', align: 'right' },
      { title: 'score', align: 'right' },
      { title: 'written' },
    ],
    rows,
  );
}

/** Items and what was read of the words. */
export function renderFound({ read, items }: { readonly read: string; readonly items: readonly FoundItem[] }): string {
  const table = renderTable(
    [
      { title: '', align: 'right' },
      { title: 'score', align: 'right' },
      { title: 'codes' },
      { title: 'item' },
      { title: 'title' },
    ],
    items.map(({ score, codes, item, title }, i) => [String(i + 1), score.toFixed(4), codes, item, title ?? '']),
  );
  return `Items of "${read}" (score: log-probability of the codes)\n\n${table}`;
}

/** Figures with what each is. */
export function renderTitleFigures(figures: TitleFigures): string {
  const table = renderTable(
    [{ title: 'figure' }, { title: 'value', align: 'right' }, { title: 'what' }],
    [
      ['exact', figures.exact.toFixed(4), 'codes to title: the likeliest title is that of the item, word by word'],
      ['F1', figures.F1.toFixed(4), 'codes to title: words of the likeliest title; rare ones are never right'],
      ['limit of F1', figures.limit.toFixed(4), 'were all words right and rare ones left out'],
      ['HR@1', figures['HR@1'].toFixed(4), 'title to codes: the item is found first'],
      ['HR@10', figures['HR@10'].toFixed(4), 'title to codes: the item is among the first ten'],
    ],
  );
  return `Titles of ${figures.items.toLocaleString('en-US')} items, all of them in training: what was kept in mind, not what would be made of new ones\n\n${table}`;
}
