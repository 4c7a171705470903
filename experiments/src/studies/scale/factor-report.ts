import { type Line, siNumber } from '../../report/plots/line-figure.ts';
import type { Listing } from '../../terminal/listing.ts';
import { measureDefinition } from '../study/measure.ts';
import { listed, type ReportColumn, type ReportFigure, type ReportTable, writeStudyReport } from '../study/report.ts';
import type { StudyDir, StudyPlan, StudyPoint } from '../study/study.ts';
import { objectivesInWords } from './base.ts';
import { fitLaw } from './fit.ts';
import { lossQuantity, metricQuantity, type Quantity } from './frontier.ts';

/** How a study of one factor is shown. */
export interface FactorReport {
  readonly factor: string;
  readonly axis: string;
  readonly title: string;
  readonly lead: string;
  /** A second factor that is a line of its own beside the encoder. */
  readonly series?: string;
  /** The point where all lines of an encoder begin, by its factors. */
  readonly origin?: Readonly<Record<string, number | string>>;
  /** Metrics with a figure of their own, beside loss, HR@10 and NDCG@10. */
  readonly quantities?: readonly string[];
}

/** Tables, plots and page of a study of one factor; returns what the terminal shows. */
export async function finishFactor(
  dir: StudyDir,
  plan: StudyPlan,
  points: readonly StudyPoint[],
  report: FactorReport,
): Promise<Listing> {
  const best = [...Map.groupBy(points, (point) => point.arm).values()].map((own) =>
    own.reduce((least, point) => (point.loss < least.loss ? point : least)),
  );
  const measured = (report.quantities ?? []).filter((name) => points.every((point) => name in point.metrics));
  const quantities = [lossQuantity, ...['HR@10', 'NDCG@10', ...measured].map(metricQuantity)];
  const every = pointTable('best', 'Each arm at the measured step where its held-out loss is least', best, report);
  const drawn = quantities.map(({ name }) => name);
  const results = { ...every, columns: every.columns.map((column) => onPage(column, best, drawn)) };
  const laws = lawTable(best, report, quantities);
  const tables = [results, laws, { ...pointTable('points', 'Every point', points, report), folded: true }];
  writeStudyReport(dir, plan, {
    title: report.title,
    subject: plan.recipe,
    lead: report.lead,
    figures: quantities.map((quantity) => factorFigure(best, report, quantity)),
    tables,
    definitions: [objectivesInWords(plan.arms), ...measureDefinition(plan.arms[0].config.evaluation)],
  });
  return listed(results, laws);
}

function pointTable(name: string, title: string, points: readonly StudyPoint[], report: FactorReport): ReportTable {
  const { factor, series } = report;
  const metrics = Object.keys(points[0]?.metrics ?? {});
  const right = (column: string) => ({ title: column, align: 'right' as const });
  return {
    name,
    title,
    columns: [
      { title: 'encoder' },
      ...(series === undefined ? [] : [{ title: series }]),
      ...[factor, 'steps', 'epochs', 'FLOP', 'loss', ...metrics].map(right),
    ],
    rows: points.map((point) => [
      point.encoder,
      ...(series === undefined ? [] : [String(point.factors[series])]),
      String(point.factors[factor]),
      String(point.steps),
      point.epochs.toFixed(2),
      siNumber(point.flops),
      point.loss.toFixed(4),
      ...metrics.map((metric) => shownMetric(point.metrics[metric])),
    ]),
  };
}

/** Shares with four decimals, perplexities with one. */
function shownMetric(value: number): string {
  return value >= 10 ? value.toFixed(1) : value.toFixed(4);
}

/** A metric without a figure stays off the page, where the folded table of every point has it. */
function onPage(column: ReportColumn, points: readonly StudyPoint[], drawn: readonly string[]): ReportColumn {
  const isMetric = points.some(({ metrics }) => column.title in metrics);
  return { ...column, page: !isMetric || drawn.includes(column.title) };
}

/** The lines of the figures: of each encoder one, or one a value of the second factor, from the origin on. */
function linesOf(points: readonly StudyPoint[], { series, origin }: FactorReport): Map<string, StudyPoint[]> {
  const nameOf = ({ encoder, factors }: StudyPoint) =>
    series === undefined ? encoder : `${encoder}, ${factors[series]}`;
  const lines = Map.groupBy(points, nameOf);
  if (origin === undefined) return lines;
  const isOrigin = (point: StudyPoint) => Object.entries(origin).every(([key, value]) => point.factors[key] === value);
  for (const [name, own] of lines) {
    const start = points.find((point) => point.encoder === own[0].encoder && isOrigin(point));
    if (start !== undefined && !own.includes(start)) lines.set(name, [start, ...own]);
  }
  return lines;
}

function lawTable(best: readonly StudyPoint[], report: FactorReport, quantities: readonly Quantity[]): ReportTable {
  const { factor } = report;
  const right = (column: string) => ({ title: column, align: 'right' as const });
  const rows = quantities.flatMap((quantity) =>
    [...linesOf(best, report)].flatMap(([encoder, own]) => {
      const samples = own.map((point) => ({
        x: Number(point.factors[factor]),
        y: quantity.value(point),
        group: point.arm,
      }));
      const fit = fitLaw('log', samples);
      if (fit === undefined) return [];
      return [[quantity.name, encoder, ...[fit.a, fit.b, fit.r2].map((value) => value.toPrecision(3))]];
    }),
  );
  return {
    name: 'fits',
    title: `Least squares of a + b ln ${factor}`,
    columns: [{ title: 'of' }, { title: 'line' }, ...['a', 'b', 'R2'].map(right)],
    rows,
  };
}

function factorFigure(best: readonly StudyPoint[], report: FactorReport, quantity: Quantity): ReportFigure {
  const at = (point: StudyPoint) => ({ x: Number(point.factors[report.factor]), y: quantity.value(point) });
  const lines = [...linesOf(best, report)].map(
    ([name, own], colour): Line => ({
      name,
      points: own.map(at),
      colour,
      style: 'measured',
      label: true,
    }),
  );
  return {
    name: quantity.name.toLowerCase().replaceAll('@', '').replaceAll('/', '-'),
    caption: 'Each line at the measured step where its held-out loss is least.',
    lines,
    x: {
      label: report.axis,
      log: true,
      ticks: [...new Set(best.map((point) => at(point).x))],
      format: (value) => String(value),
    },
    y: { label: quantity.label },
    height: 340,
  };
}
