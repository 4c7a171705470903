import { formatBytes, formatCount, formatMetric } from '../../terminal/format.ts';
import { lines as inLines, type Listing } from '../../terminal/listing.ts';
import { type Estimate, spread } from '../staleness/statistics.ts';
import { measureDefinition } from '../study/measure.ts';
import { listed, type ReportTable, writeStudyReport } from '../study/report.ts';
import type { StudyDir } from '../study/study.ts';
import type { Sent } from './consumer.ts';
import type { DeltaReplay, ReplayLine } from './replay.ts';
import type { ReplaySeed } from './run-replay.ts';
import { type LineFigures, METRICS, type MetricName, summarise } from './summary.ts';

export interface ReplayResults {
  readonly replay: DeltaReplay;
  readonly lines: readonly ReplayLine[];
  readonly request: Readonly<Record<string, unknown>>;
  readonly remarks: readonly string[];
  readonly evaluation: Parameters<typeof measureDefinition>[0];
  readonly seeds: readonly ReplaySeed[];
  readonly periodOf: Int32Array;
}

type Figures = Readonly<Record<MetricName, ReadonlyMap<string, LineFigures>>>;

/** Tables, plots and page of a replay; returns what the terminal shows. */
export function finishReplay(dir: StudyDir, results: ReplayResults): Listing {
  const { replay, seeds, request, remarks, periodOf } = results;
  const ranks = seeds.map((seed) => seed.ranks);
  const figures = Object.fromEntries(
    METRICS.map((metric) => [metric, summarise(replay, ranks, periodOf, metric)]),
  ) as Figures;
  const tables = [qualityTable(results, figures), ...METRICS.map((metric) => periodTable(results, metric, figures))];
  const told = concluded(results, figures);
  writeStudyReport(
    dir,
    { request, notes: remarks },
    {
      title: replay.title,
      lead: `${replay.recipe}, ${seeds.length} seeds, ${formatCount(periodOf.length)} events ranked by each line.`,
      conclusions: told,
      figures: METRICS.map((metric) => ({
        name: metric.toLowerCase().replace('@', ''),
        caption: `${metric} of the next event by period, mean of the seeds.`,
        lines: results.lines.map(({ name }, i) => ({
          name,
          points: (figures[metric].get(name) as LineFigures).periods.map((y, period) => ({ x: period + 1, y })),
          colour: i,
          style: name === replay.frozen ? ('dashed' as const) : ('measured' as const),
          label: true,
        })),
        x: { label: 'period', ticks: Array.from({ length: replay.periods }, (_, i) => i + 1) },
        y: { label: metric },
        height: 420,
      })),
      tables,
      definitions: [
        ...replay.notes,
        ...measureDefinition(results.evaluation).slice(2),
        'Queries: the next event of a user, evenly chosen among those of a slice. Candidates: all items but those of the history.',
        `Bytes: lengths of the files that were sent. Kept: (line - ${replay.frozen}) / (${replay.freshest} - ${replay.frozen}).`,
        'Intervals: 95 % bootstrap percentiles over users, each with the mean of its seeds.',
      ],
    },
  );
  return [
    ...inLines(`${replay.title}. Source: ${replay.source}.`, ...remarks, ...replay.notes),
    ...listed(...tables),
    ...inLines(...told),
  ];
}

const right = (title: string) => ({ title, align: 'right' as const });

function qualityTable({ replay, lines, seeds }: ReplayResults, figures: Figures): ReportTable {
  const all = sentBy(seeds, replay.freshest).bytes;
  return {
    name: 'quality',
    title: 'Quality against bytes, over all periods',
    columns: [
      { title: 'what is sent' },
      ...['loads', 'rows a load', 'bytes', 'of the bytes'].map(right),
      ...METRICS.flatMap((metric) => [right(metric), right('gain kept')]),
    ],
    rows: lines.map(({ name, send }) => {
      const { loads, bytes, rows } = sentBy(seeds, name);
      return [
        name,
        String(loads),
        send === 'full' ? '-' : formatCount(rows / loads),
        formatBytes(bytes),
        percent(bytes / all),
        ...METRICS.flatMap((metric) => {
          const { mean, kept } = figures[metric].get(name) as LineFigures;
          return [shown(mean), kept === undefined ? '-' : share(kept)];
        }),
      ];
    }),
  };
}

/** Means over the seeds. */
function sentBy(seeds: readonly ReplaySeed[], name: string): Sent {
  const mean = (key: keyof Sent): number => seeds.reduce((sum, { sent }) => sum + sent[name][key], 0) / seeds.length;
  return { loads: mean('loads'), bytes: Math.round(mean('bytes')), rows: mean('rows'), equal: mean('equal') };
}

function periodTable({ replay, lines }: ReplayResults, metric: MetricName, figures: Figures): ReportTable {
  return {
    name: `periods-${metric.toLowerCase().replace('@', '')}`,
    title: `${metric} by period`,
    columns: [{ title: 'what is sent' }, ...Array.from({ length: replay.periods }, (_, i) => right(String(i + 1)))],
    rows: lines.map(({ name }) => [name, ...(figures[metric].get(name) as LineFigures).periods.map(formatMetric)]),
  };
}

/** What the replay says, in sentences. */
function concluded({ replay, lines, seeds }: ReplayResults, figures: Figures): string[] {
  const { frozen, freshest, bar } = replay;
  const said = figures['HR@10'];
  const fresh = said.get(freshest) as LineFigures;
  const all = sentBy(seeds, freshest).bytes;
  const [{ fullBytes, denseBytes }] = seeds;
  const exact = lines.filter(({ send }) => send !== 'full' && send.rows.kind === 'touched' && !send.int8);
  const asked = lines.find(({ name }) => name === bar.line);
  const sentences = [
    `${freshest} against ${frozen}: HR@10 ${signed(fresh.gain)}, NDCG@10 ${signed((figures['NDCG@10'].get(freshest) as LineFigures).gain)}.`,
    ...exact.map(({ name }) => {
      const { equal, loads } = sentBy(seeds, name);
      return `${name}: the weights of the full load byte for byte after ${equal} of ${loads} loads of a seed.`;
    }),
  ];
  if (asked !== undefined) {
    const { kept } = said.get(bar.line) as LineFigures;
    const bytes = sentBy(seeds, bar.line).bytes / all;
    const wanted = `${percent(bar.kept)} of the gain for at most ${percent(bar.bytes)} of the bytes`;
    sentences.push(
      kept === undefined
        ? `${bar.line}: what it keeps of the gain cannot be told, since the gain cannot be told from none.`
        : `${bar.line} keeps ${share(kept)} of the gain of HR@10 for ${percent(bytes)} of the bytes; asked for: ${wanted}, ${
            kept.mean >= bar.kept && bytes <= bar.bytes ? 'met' : 'not met'
          }.`,
    );
  }
  sentences.push(
    `A full load is ${formatBytes(fullBytes)}, of which ${percent(denseBytes / fullBytes)} are dense weights, which every delta sends whole.`,
  );
  return sentences;
}

const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;

/** `.1234 [.1200, .1268]`. */
function shown(estimate: Estimate): string {
  return `${formatMetric(estimate.mean)}${spread(estimate, formatMetric)}`;
}

function share(estimate: Estimate): string {
  return `${percent(estimate.mean)}${spread(estimate, (value) => (100 * value).toFixed(1))}`;
}

function signed(estimate: Estimate): string {
  const text = (value: number): string => `${value < 0 ? '-' : '+'}${formatMetric(Math.abs(value))}`;
  return `${text(estimate.mean)}${spread(estimate, text)}`;
}
