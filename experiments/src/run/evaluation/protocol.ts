import { baselineSettings } from '../../config/baseline-names.ts';
import type { RecipeConfig } from '../../config/schema.ts';
import type { DataSummary } from '../../data/data-summary.ts';
import { RunError } from '../../errors.ts';
import { readJson } from '../folder/atomic.ts';
import type { RunDir } from '../folder/run-dir.ts';
import { savedConfig } from '../open/resume.ts';

/**
 * What the figures of a run were measured on and how, as `key` to value, in the order in which differences are told.
 */
export type RunProtocol = ReadonlyMap<string, unknown>;

/** One place where two runs were evaluated otherwise. */
export interface ProtocolDifference {
  readonly key: string;
  readonly first: unknown;
  readonly second: unknown;
}

/** How a file is read: the digest of the data says what came out of it. */
const reading = new Set([
  ...['format', 'name', 'path', 'delimiter', 'columns', 'timeUnit', 'lenient', 'encoding', 'quote', 'reader'],
]);

/** Which figures are printed, how fast, and which of a run's own checkpoints they are of: no rule of ranking. */
const notRanking = ['ks', 'batchSize', 'selectBy', 'checkpoint', 'segments', 'lists', 'baselines'];

/**
 * Everything that a run folder records of its protocol: digest, split and examples of the data, how they were
 * filtered, the window, and every setting of the evaluation that can change a rank. Settings are taken by what they
 * are *not*, so that a new one is compared from its first day.
 */
export function recordedProtocol(run: RunDir): RunProtocol {
  const { data, evaluation, model } = savedConfig(run).config;
  const { digest, split, examples } = readJson(run.data) as DataSummary;
  const rules = rankingRules(evaluation);
  return new Map<string, unknown>([
    ['data digest', digest],
    ['split', split],
    ['test examples', examples.test],
    ...selectedData(data),
    ['window (model.maxSequenceLength)', model.maxSequenceLength],
    ...rules.map(([key, value]) => [`evaluation.${key}`, value] as const),
  ]);
}

/** How data were filtered and split, by key. */
export function selectedData(data: RecipeConfig['data']): (readonly [string, unknown])[] {
  return Object.entries(data)
    .filter(
      // The name of the split is that of the summary; what else was said of it is here alone.
      ([key, value]) => !reading.has(key) && (key !== 'split' || typeof value === 'object'),
    )
    .map(([key, value]) => [`data.${key}`, value] as const);
}

/** The settings of an evaluation that can change a rank. */
export function rankingRules(evaluation: RecipeConfig['evaluation']): [string, unknown][] {
  const others = new Set([...notRanking, ...baselineSettings()]);
  return Object.entries(evaluation).filter(([key]) => !others.has(key));
}

/**
 * Whether the window of a model decides what is ranked.
 *
 * @param baselines beside it, which may read what it reads.
 */
export function isRankedByWindow(
  { excludeSeen, baselineHistory }: RecipeConfig['evaluation'],
  baselines: readonly string[],
): boolean {
  return excludeSeen === true || (baselineHistory === 'window' && baselines.length > 0);
}

/** How a sentence of a definition begins, and what it defines. `Score:` is the model's own and not here. */
const sentences: readonly (readonly [RegExp, string])[] = [
  [/^Data: /, 'evaluated set'],
  [/^Queries: /, 'queries'],
  [/^Candidates: /, 'candidates'],
  [/^Items of /, 'seen items'],
  [/^Rank: /, 'rank and ties'],
  [/^Time of a query/, 'time of a query'],
  [/^Times: /, 'times'],
];

/** The protocol as the evaluation itself wrote it beside its ranks: what it did, whatever was configured. */
export function definedProtocol(definition: readonly string[]): RunProtocol {
  return new Map(
    sentences.flatMap(([beginning, key]) => {
      const sentence = definition.find((line) => beginning.test(line));
      return sentence === undefined ? [] : [[key, sentence] as const];
    }),
  );
}

/** Where two protocols differ; a key that one of them lacks differs as well. */
export function protocolDifferences(first: RunProtocol, second: RunProtocol): ProtocolDifference[] {
  return [...new Set([...first.keys(), ...second.keys()])].flatMap((key) => {
    const [a, b] = [first.get(key), second.get(key)];
    return JSON.stringify(a) === JSON.stringify(b) ? [] : [{ key, first: a, second: b }];
  });
}

/** @throws RunError that names every difference. */
export function refuseDifferences(differences: readonly ProtocolDifference[], first: string, second: string): void {
  if (differences.length === 0) return;
  throw new RunError(
    `compare: expected runs on the same data under the same protocol; ${second} differs from ${first}:\n${renderDifferences(differences)}\n--force compares all the same and prints this above the table`,
  );
}

/** One line a difference: `  window: 200, then 50`. */
export function renderDifferences(differences: readonly ProtocolDifference[]): string {
  const shown = (value: unknown): string => (value === undefined ? 'not recorded' : JSON.stringify(value));
  return differences
    .map(({ key, first, second }) =>
      typeof first === 'string' && first.length > 40
        ? `  ${key}:\n    first:  ${shown(first)}\n    second: ${shown(second)}`
        : `  ${key}: ${shown(first)} in the first, ${shown(second)} in the second`,
    )
    .join('\n');
}
