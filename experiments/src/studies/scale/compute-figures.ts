import { type Line, siNumber } from '../../report/plots/line-figure.ts';
import type { ReportFigure } from '../study/report.ts';
import type { StudyPoint } from '../study/study.ts';
import { type Fit, valueAt } from './fit.ts';
import type { EncoderLaw, Quantity } from './frontier.ts';

/** `w64 d4 n200`: width, blocks, length. */
export function shapeName({ factors }: StudyPoint): string {
  return `w${factors.width} d${factors.depth} n${factors.length}`;
}

const computeAxis = (levels: readonly number[]) => ({
  label: 'training compute C (FLOP, log scale)',
  log: true,
  ticks: levels,
  include: levels,
  format: siNumber,
});

export function frontierFigure(laws: readonly EncoderLaw[], levels: readonly number[]): ReportFigure {
  const { quantity } = laws[0];
  const lines = laws.flatMap(({ encoder, best, fits }, colour): Line[] => {
    const at = (point: StudyPoint) => ({ x: point.flops, y: quantity.value(point) });
    const measured: Line = { name: encoder, points: best.map(at), colour, style: 'measured', label: true };
    const law = fits.find((fit) => fit.law === 'power') ?? fits[0];
    return law === undefined ? [measured] : [measured, { ...curve(law, best, colour), name: `${encoder} fit` }];
  });
  return {
    name: `${slug(quantity)}-frontier`,
    caption: `Frontier of each encoder by ${quantity.name}; dashed: a + b C^-c fitted to it.`,
    lines,
    x: computeAxis(levels),
    y: { label: quantity.label },
    height: 380,
  };
}

function curve(law: Fit, best: readonly StudyPoint[], colour: number): Line {
  const [from, to] = [best[0].flops, best[best.length - 1].flops];
  const xs = Array.from({ length: 60 }, (_, i) => from * (to / from) ** (i / 59));
  return { name: '', points: xs.map((x) => ({ x, y: valueAt(law, x) })), colour, style: 'law', label: false };
}

export function shapesFigure(
  points: readonly StudyPoint[],
  encoder: string,
  quantity: Quantity,
  levels: readonly number[],
): ReportFigure {
  const own = points.filter((point) => point.encoder === encoder);
  const shapes = Map.groupBy(own, (point) => point.arm);
  const lines = [...shapes.values()].map(
    (shape, i): Line => ({
      name: shapeName(shape[0]),
      points: shape.map((point) => ({ x: point.flops, y: quantity.value(point) })),
      colour: i,
      style: 'measured',
      label: true,
    }),
  );
  return {
    name: `${slug(quantity)}-${encoder}`,
    caption: `${encoder}: every shape (w width, d blocks, n length) at equal compute.`,
    lines,
    x: computeAxis(levels),
    y: { label: quantity.label },
    height: 340,
  };
}

export function residualFigure(laws: readonly EncoderLaw[], levels: readonly number[]): ReportFigure {
  const { quantity } = laws[0];
  const lines = laws.flatMap(({ encoder, best, fits }, colour) =>
    fits.map((fit): Line => {
      const points = best.map((point, i) => ({ x: point.flops, y: fit.residuals[i] }));
      const power = fit.law === 'power';
      return {
        name: power ? encoder : `${encoder} (ln)`,
        points,
        colour,
        style: power ? 'measured' : 'law',
        label: true,
      };
    }),
  );
  return {
    name: `${slug(quantity)}-residuals`,
    caption: `Residuals of the fits to the frontier: a + b C^-c with symbols, a + b ln C dashed.`,
    lines,
    x: computeAxis(levels),
    y: { label: `residual of ${quantity.label}`, zero: true },
  };
}

function slug(quantity: Quantity): string {
  return quantity.name.toLowerCase().replaceAll('@', '');
}
