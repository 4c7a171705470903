import type { Line } from '../../report/plots/line-figure.ts';
import type { Recorded } from '../../run/verdict/bootstrap.ts';
import { formatMetric } from '../../terminal/format.ts';
import { lines as inLines, type Listing } from '../../terminal/listing.ts';
import { measureDefinition } from '../study/measure.ts';
import { listed, type ReportFigure, type ReportTable, writeStudyReport } from '../study/report.ts';
import type { StudyDir } from '../study/study.ts';
import { concluded } from './conclusions.ts';
import type { RequestCost } from './cost.ts';
import { costTable } from './cost-table.ts';
import { type Age, lines } from './points.ts';
import { type Estimate, spread } from './statistics.ts';
import { METRICS, type MetricName, type Summary, summarise } from './summary.ts';
import type { StalenessPlan } from './train-lines.ts';

export interface StalenessResults {
  readonly plan: StalenessPlan;
  readonly request: Readonly<Record<string, unknown>>;
  readonly ages: readonly Age[];
  readonly seeds: readonly number[];
  readonly bySeed: readonly ReadonlyMap<string, Recorded>[];
  readonly cost: RequestCost;
}

const withAge = ['long', 'aged', 'fresh'] as const;

/** Tables, plots and page of `seqrec scale staleness`; returns what the terminal shows. */
export function finishStaleness(dir: StudyDir, results: StalenessResults): Listing {
  const { plan, request, ages, seeds, bySeed, cost } = results;
  const summary = summarise(bySeed, ages);
  const quality = METRICS.map((metric) => qualityTable(metric, ages, summary));
  const costs = costTable(cost, ages);
  const told = concluded(summary, ages, cost);
  const { long } = plan;
  writeStudyReport(
    dir,
    { request, notes: [] },
    {
      title: 'Quality against the age of the user vector',
      subject: plan.recipe,
      lead: `A long model (${long.model.kind}, ${long.model.maxSequenceLength} events) makes a vector of the user apart from requests; a small one (${plan.small.model.kind}, ${plan.small.model.maxSequenceLength} events) reads the newest events at the request, and the vector in place as a feature of each event. ${seeds.length} seeds.`,
      figures: METRICS.flatMap((metric) => figures(metric, ages, summary)),
      tables: [...quality, costs],
      conclusions: told,
      definitions: [
        ...measureDefinition(long.evaluation),
        `An age of k events: the vector was computed k requests before, one an event, and knows when that request was. An age of h hours: it was computed at the newest request at least h hours before; where there is none it is the mean of those of all users that were computed before the request.`,
        `"${lines.aged}": in training each user has its vectors computed anew every 1, 2, ... up to the greatest age, a period a user (${plan.every.join(', ')}), no vector has seen the event to predict, and the model also reads the age. "${lines.fresh}": in training every vector is of age 0.`,
        'The small model sees vectors of the long one that was trained on the same events.',
        'Intervals: 95 % bootstrap percentiles over users, each with the mean of its seeds.',
      ],
    },
  );
  return [...listed(...quality, costs), ...told.flatMap((text) => inLines(text))];
}

function qualityTable(metric: MetricName, ages: readonly Age[], summary: Summary): ReportTable {
  const right = (title: string) => ({ title, align: 'right' as const });
  return {
    name: metric.toLowerCase().replace('@', ''),
    title: `${metric} against age; ${lines.small}: ${shown(summary.of(metric, 'small'))}`,
    columns: [
      right('age'),
      { title: 'of' },
      ...withAge.map((line) => right(lines[line])),
      right('trained with ages - small alone'),
    ],
    rows: ages.map((age) => [
      String(age.value),
      age.unit,
      ...withAge.map((line) => shown(summary.of(metric, line, age))),
      shown(summary.aheadOf(metric, 'small', age)),
    ]),
  };
}

/** `.1234 [.1200, .1268]`. */
function shown(estimate: Estimate): string {
  return `${formatMetric(estimate.mean)}${spread(estimate, formatMetric)}`;
}

function figures(metric: MetricName, ages: readonly Age[], summary: Summary): ReportFigure[] {
  return (['events', 'hours'] as const).flatMap((unit) => {
    const own = ages.filter((age) => age.unit === unit);
    if (own.length < 2) return [];
    // Age 0 has a place on a log scale one step before age 1.
    const x = ({ value }: Age): number => (unit === 'events' ? value + 1 : Math.max(value, 0.1));
    const line = (name: string, colour: number, y: (age: Age) => number, style: Line['style']): Line => ({
      name,
      points: own.map((age) => ({ x: x(age), y: y(age) })),
      colour,
      style,
      label: true,
    });
    return [
      {
        name: `${metric.toLowerCase().replace('@', '')}-${unit}`,
        caption: `${metric} on the test set, mean of the seeds.`,
        lines: [
          ...withAge.map((name, i) => line(lines[name], i, (age) => summary.of(metric, name, age).mean, 'measured')),
          line(lines.small, withAge.length, () => summary.of(metric, 'small').mean, 'dashed'),
        ],
        x: {
          label: `age of the vector, ${unit} (log scale)`,
          log: true,
          ticks: own.map(x),
          format: (value: number) => String(unit === 'events' ? Math.round(value - 1) : value),
        },
        y: { label: metric },
        height: 340,
      },
    ];
  });
}
