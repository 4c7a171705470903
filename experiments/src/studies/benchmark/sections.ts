import { formatCount, formatDuration } from '../../terminal/format.ts';
import { markdownTable } from '../../terminal/markdown.ts';
import { costSection } from '../reproduce/cost.ts';
import type { Section } from '../reproduce/section.ts';
import { type Estimate, estimate, short } from '../reproduce/verdict.ts';
import { ranked, tablesOf } from './comparisons.ts';
import { crossTable } from './cross-table.ts';
import type { BenchmarkResult, Comparison, GridRow, TableComparisons } from './result.ts';

/** `beauty, time, targets successive`. */
export function tableName({ data, protocol, test }: Pick<GridRow, 'data' | 'protocol' | 'test'>): string {
  return `${data}, ${protocol}${test === '' ? '' : `, targets ${test}`}`;
}

/** What was published for a row. */
export function publishedOf(
  { data, protocol, test, model, loss, retrained = false }: GridRow,
  { published }: Pick<BenchmarkResult, 'published'>,
  metric: string,
): number | undefined {
  const found = published.find(
    (each) =>
      each.data === data &&
      each.protocol === protocol &&
      (each.test ?? '') === test &&
      each.model === model &&
      (each.retrained ?? false) === retrained &&
      (each.loss ?? loss) === loss,
  );
  return found?.figures[metric];
}

/** Rows of a table with published figures beside ours, the best first. */
function figuresSection(table: readonly GridRow[], result: BenchmarkResult): Section {
  const { metrics, tolerance } = result;
  const rows = ranked(table, metrics[0]);
  const hasPaper = rows.some(([, [first]]) =>
    metrics.some((metric) => publishedOf(first, result, metric) !== undefined),
  );
  const isTuned = table.some(({ tuning }) => tuning !== undefined);
  const cells = rows.map(([name, own]) => {
    const [first] = own;
    const figures = metrics.flatMap((metric) => {
      const ours = estimate(own.map((row) => row.metrics[metric]));
      if (!hasPaper) return [shown(ours)];
      const paper = publishedOf(first, result, metric);
      return [
        shown(ours),
        paper === undefined
          ? ''
          : `${short(paper)} (${ratio(ours.mean, paper, first.changed === undefined ? tolerance : undefined)})`,
      ];
    });
    const tuning = isTuned ? [first.tuning ?? ''] : [];
    return [name, String(first.isBaseline ? '' : own.length), ...figures, ...tuning, ...budget(own)];
  });
  const titles = metrics.flatMap((metric) => (hasPaper ? [metric, `${metric}, published`] : [metric]));
  return {
    title: tableName(table[0]),
    titles: [
      'row',
      'seeds',
      ...titles,
      ...(isTuned ? ['tuning'] : []),
      'parameters',
      'epochs',
      'training FLOPs',
      'training',
    ],
    rows: cells,
  };
}

/** What a row was given: means over its seeds. */
function budget(rows: readonly GridRow[]): string[] {
  const mean = (value: (row: GridRow) => number | undefined): number | undefined => {
    const values = rows.map(value);
    return values.every((each) => each !== undefined) ? values.reduce((a, b) => a + b, 0) / values.length : undefined;
  };
  const [parameters, epochs, flops, seconds] = [
    mean((row) => row.parameters),
    mean((row) => row.epochs),
    mean((row) => row.flops),
    mean((row) => row.seconds),
  ];
  return [
    parameters === undefined ? '' : formatCount(parameters),
    epochs === undefined ? '' : epochs.toFixed(0),
    flops === undefined ? '' : flops.toExponential(1),
    seconds === undefined ? '' : formatDuration(seconds),
  ];
}

function ratio(ours: number, paper: number, tolerance: number | undefined): string {
  const text = `${(ours / paper).toFixed(2)} times`;
  if (tolerance === undefined) return text;
  const off = Math.abs(ours / paper - 1);
  return off <= tolerance ? `${text}, reproduced` : text;
}

function shown({ mean, half }: Estimate): string {
  return half === undefined ? short(mean) : `${short(mean)} ± ${short(half)}`;
}

/** What stands below or above the best model beyond noise. */
function comparisonSection(table: TableComparisons, { rows, metrics: [metric] }: BenchmarkResult): Section {
  const { rows: comparisons } = table;
  const all = rows.filter((row) => !row.isBaseline && tableName(row) === tableName(table));
  const [best] = ranked(all, metric)[0] ?? [];
  const signed = (value: number): string => `${value < 0 ? '' : '+'}${short(value)}`;
  return {
    title: `${tableName(table)}: beyond noise`,
    note:
      comparisons.length === 0
        ? ''
        : `${metric} less that of ${comparisons[0].best}, the best model${comparisons[0].best === best ? '' : ' of those that were run together'}, paired by user: mean over ${seedsInWords(comparisons)}, and its interval over users. A row is behind or ahead in a seed where the interval of that seed does not hold 0.`,
    titles: ['row', 'difference', '95 % interval', 'verdict'],
    rows: comparisons.map(({ row, difference, low, high, ...counts }) => [
      row,
      signed(difference),
      low === undefined || high === undefined ? '' : `${signed(low)} to ${signed(high)}`,
      verdictOf(counts),
    ]),
  };
}

/** `seeds 1, 2`, those of all rows. */
function seedsInWords(comparisons: readonly Comparison[]): string {
  const [first, ...others] = new Set(comparisons.map(({ seeds }) => seeds?.join(', ')));
  if (first === undefined) return 'seeds';
  if (others.length > 0) return 'the seeds that both have';
  return first.includes(',') ? `seeds ${first}` : `seed ${first} alone`;
}

export function verdictOf({ behind, ahead, equal }: Pick<Comparison, 'behind' | 'ahead' | 'equal'>): string {
  const of = behind + ahead + equal;
  if (of === 0) return 'too few users for an interval';
  const parts = [
    ...(behind > 0 ? [`behind in ${behind}`] : []),
    ...(equal > 0 ? [`no difference in ${equal}`] : []),
    ...(ahead > 0 ? [`ahead in ${ahead}`] : []),
  ];
  return `${parts.join(', ')} of ${of} seed${of === 1 ? '' : 's'}`;
}

/** The first metric by segment, and what the lists hold; means over seeds. */
function segmentsSection(table: readonly GridRow[], result: BenchmarkResult): Section {
  const [metric] = result.metrics;
  const [{ data, protocol }] = table;
  const counts = result.counts.find((each) => each.data === data && each.protocol === protocol)?.segments ?? {};
  const names = Object.keys(counts);
  const own = table.filter(({ segments }) => segments !== undefined);
  const mean = (rows: readonly GridRow[], value: (row: GridRow) => number | undefined): string => {
    const values = rows.flatMap((row) => value(row) ?? []);
    return values.length === 0 ? '' : short(values.reduce((sum, each) => sum + each, 0) / values.length);
  };
  return {
    title: `${tableName(table[0])}: segments`,
    note: `${metric} by events of the history and by training events of the target, with the number of queries; coverage@10: share of the items in some list of ten; popularity@10: training events of what is in the lists over those of the targets.`,
    titles: [
      'row',
      ...names.map((name) => `${name} (${counts[name].toLocaleString('en')})`),
      'coverage@10',
      'popularity@10',
    ],
    rows: ranked(own, metric).map(([row, rows]) => [
      row,
      ...names.map((name) => mean(rows, ({ segments }) => segments?.[name])),
      mean(rows, ({ lists }) => lists?.coverage),
      mean(rows, ({ lists }) => lists?.popularity),
    ]),
  };
}

/** The settings that a search found for each cell. */
function tunedSection({ tuned = [] }: BenchmarkResult): Section {
  return {
    title: 'Tuned settings',
    note: 'What won on the validation set of each cell, of random trials with successive halving under one budget. The test set was not looked at.',
    titles: ['data', 'protocol', 'row', 'settings', 'validation', 'tuning'],
    rows: tuned.map(({ data, protocol, row, settings, metric, value, tuning }) => [
      ...[data, protocol, row],
      Object.entries(settings)
        .map(([key, text]) => `${key} ${text}`)
        .join(', '),
      `${metric} ${short(value)}`,
      tuning,
    ]),
  };
}

function countsSection({ counts }: BenchmarkResult): Section {
  const tests = [...new Set(counts.flatMap((each) => Object.keys(each.tests)))];
  return {
    title: 'Counts',
    note: 'Training and validation: examples, one a user where targets are not successive. Tests: queries.',
    titles: [
      'data',
      'protocol',
      'users',
      'items',
      'events',
      'train',
      'validation',
      ...tests.map((test) => (test === '' ? 'test' : `test, ${test}`)),
    ],
    rows: counts.map(({ data, protocol, users, items, events, train, validation, tests: own }) => [
      data,
      protocol,
      ...[users, items, events, train, validation].map((count) => count.toLocaleString('en')),
      ...tests.map((test) => own[test]?.toLocaleString('en') ?? ''),
    ]),
  };
}

/** The tables of a benchmark; those without a row are absent. */
export function benchmarkSections(result: BenchmarkResult): Section[] {
  const tables = tablesOf(result);
  const [metric] = result.metrics;
  return [
    ...tables.map((table) => figuresSection(table, result)),
    ...result.comparisons.map((table) => comparisonSection(table, result)),
    ...tables.map((table) => crossTable(tableName(table[0]), table, metric)),
    ...tables.filter(([{ test }]) => test === '').map((table) => segmentsSection(table, result)),
    tunedSection(result),
    countsSection(result),
    ...(result.costs.length > 0 ? [costSection(result.costs)] : []),
  ].filter(({ rows }) => rows.length > 0);
}

/** What a figure of ours is. */
export function seedsSentence({ rows }: BenchmarkResult): string {
  const seeds = [...new Set(rows.flatMap(({ seed }) => seed ?? []))].toSorted((a, b) => a - b);
  if (seeds.length === 0) return 'Baselines alone.';
  if (seeds.length === 1) return `Ours: seed ${seeds[0]} alone, so no interval.`;
  return `Ours: mean of seeds ${seeds.join(', ')} and its 95 % interval (Student's t). Rows by the first metric.`;
}

/** The tables as a Markdown page. */
export function renderBenchmark(result: BenchmarkResult): string {
  const { name, title, source, remarks, notes, command, counts } = result;
  return [
    `# ${name}: ${title}`,
    `Source: ${source}.`,
    ...remarks.map((remark) => `**${remark}**`),
    seedsSentence(result),
    ...benchmarkSections(result).flatMap((section) => [
      `## ${section.title}`,
      ...(section.note ? [section.note] : []),
      markdownTable(section.titles, section.rows),
    ]),
    notes.map((note) => `- ${note}`).join('\n'),
    counts.map(({ data, protocol, steps }) => `- ${data}, ${protocol}: ${steps.join(' ')}`).join('\n'),
    `\`${command}\``,
  ].join('\n\n');
}
