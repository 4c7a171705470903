import { siNumber } from '../../report/plots/line-figure.ts';
import { type Listing, lines } from '../../terminal/listing.ts';
import { measureDefinition } from '../study/measure.ts';
import { listed, type ReportFigure, type ReportTable, writeStudyReport } from '../study/report.ts';
import type { StudyDir, StudyPlan, StudyPoint } from '../study/study.ts';
import { objectivesInWords } from './base.ts';
import { frontierFigure, residualFigure, shapeName, shapesFigure } from './compute-figures.ts';
import { conclusions } from './conclusions.ts';
import { type Fit, fitWithIntervals, type Law } from './fit.ts';
import { type EncoderLaw, frontier, lossQuantity, metricQuantity, type Quantity } from './frontier.ts';
import { scheduleInWords } from './read-keys.ts';

const LAWS: readonly Law[] = ['power', 'log'];
const lawNames: Readonly<Record<Law, string>> = { log: 'a + b ln C', power: 'a + b C^-c' };

/** Tables, fits, plots and page of `seqrec scale compute`; returns what the terminal shows. */
export async function finishCompute(dir: StudyDir, plan: StudyPlan, points: readonly StudyPoint[]): Promise<Listing> {
  const encoders = [...new Set(plan.arms.map((arm) => arm.encoder))];
  const quantities = [lossQuantity, metricQuantity('HR@10')];
  const laws = quantities.flatMap((quantity) => encoders.map((encoder) => lawOf(points, encoder, quantity)));
  const frontiers = frontierTable(laws);
  const fits = fitTable(laws);
  const levels = plan.arms[0].marks;
  const concluded = conclusions(laws);
  const figures: ReportFigure[] = quantities.flatMap((quantity) => {
    const own = laws.filter((law) => law.quantity === quantity);
    return [
      frontierFigure(own, levels),
      ...encoders.map((encoder) => shapesFigure(points, encoder, quantity, levels)),
      residualFigure(own, levels),
    ];
  });
  writeStudyReport(dir, plan, {
    title: 'Quality against training compute',
    subject: plan.recipe,
    lead: `Each encoder in every shape of the grid (width, depth, length) is trained at ${scheduleInWords(plan.arms[0].config)} and measured when its training has spent each level of compute. The frontier is the best shape at each level. FLOPs count matrix products and the causal half of attention, forward and backward, of the encoder and of its objective. ${objectivesInWords(plan.arms)}`,
    figures,
    tables: [frontiers, fits, pointTable(points)],
    conclusions: concluded,
    definitions: [
      ...measureDefinition(plan.arms[0].config.evaluation),
      'Fits are least squares to the frontier. Intervals: 95 % bootstrap percentiles over shapes (a shape is drawn with all its points, the frontier is taken again, 1,000 resamples). They hold the choice of shapes, not the seed.',
    ],
  });
  return [...listed(frontiers, fits), ...concluded.flatMap((text) => lines(text))];
}

function lawOf(points: readonly StudyPoint[], encoder: string, quantity: Quantity): EncoderLaw {
  const own = points.filter((point) => point.encoder === encoder);
  const sample = (point: StudyPoint) => ({ x: point.flops, y: quantity.value(point), group: point.arm, point });
  const select = (drawn: readonly { readonly point: StudyPoint }[]) =>
    frontier(
      drawn.map(({ point }) => point),
      quantity,
    ).map(sample);
  const fits = LAWS.flatMap((law) => fitWithIntervals(law, own.map(sample), { select }) ?? []);
  return { encoder, quantity, best: frontier(own, quantity), fits };
}

function frontierTable(laws: readonly EncoderLaw[]): ReportTable {
  return {
    name: 'frontier',
    title: 'Frontier: the best shape at each level of compute',
    columns: [
      { title: 'by' },
      { title: 'encoder' },
      { title: 'compute', align: 'right' },
      { title: 'shape' },
      { title: 'epochs', align: 'right' },
      { title: 'loss', align: 'right' },
      { title: 'HR@10', align: 'right' },
      { title: 'NDCG@10', align: 'right' },
    ],
    rows: laws.flatMap(({ encoder, quantity, best }) =>
      best.map((point) => [
        quantity.name,
        encoder,
        siNumber(point.mark),
        shapeName(point),
        point.epochs.toFixed(1),
        point.loss.toFixed(4),
        point.metrics['HR@10'].toFixed(4),
        point.metrics['NDCG@10'].toFixed(4),
      ]),
    ),
  };
}

function fitTable(laws: readonly EncoderLaw[]): ReportTable {
  const right = (title: string) => ({ title, align: 'right' as const });
  return {
    name: 'fits',
    title: 'Fits to the frontier, C in FLOP, 95 % intervals',
    columns: [{ title: 'of' }, { title: 'encoder' }, { title: 'law' }, ...['a', 'b', 'c', 'R2', 'RMSE'].map(right)],
    rows: laws.flatMap(({ encoder, quantity, fits }) =>
      fits.map((fit) => [
        quantity.name,
        encoder,
        lawNames[fit.law],
        withInterval(fit, 'a'),
        withInterval(fit, 'b'),
        withInterval(fit, 'c'),
        fit.r2.toFixed(3),
        fit.rmse.toPrecision(2),
      ]),
    ),
  };
}

function withInterval(fit: Fit, key: 'a' | 'b' | 'c'): string {
  const value = fit[key];
  if (value === undefined) return '';
  const interval = fit.intervals?.[key];
  const shown = (x: number): string => x.toPrecision(3);
  return interval === undefined ? shown(value) : `${shown(value)} [${shown(interval.low)}, ${shown(interval.high)}]`;
}

function pointTable(points: readonly StudyPoint[]): ReportTable {
  const metrics = Object.keys(points[0]?.metrics ?? {});
  const right = (title: string) => ({ title, align: 'right' as const });
  return {
    name: 'points',
    title: 'Every point',
    folded: true,
    columns: [
      { title: 'encoder' },
      ...['width', 'depth', 'length', 'parameters', 'level', 'FLOP', 'steps', 'epochs', 'loss', ...metrics].map(right),
    ],
    rows: points.map((point) => [
      point.encoder,
      ...['width', 'depth', 'length'].map((factor) => String(point.factors[factor])),
      String(point.parameters.encoder),
      siNumber(point.mark),
      point.flops.toPrecision(4),
      String(point.steps),
      point.epochs.toFixed(2),
      point.loss.toFixed(5),
      ...metrics.map((metric) => point.metrics[metric].toFixed(5)),
    ]),
  };
}
