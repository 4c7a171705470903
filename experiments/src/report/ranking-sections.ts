import type { EpochRecord } from '../run/folder/metrics-log.ts';
import type { RunResults } from '../run/folder/results.ts';
import { formatMetric } from '../terminal/format.ts';
import { figureOf } from './figure.ts';
import { type Html, html } from './html.ts';
import { plainTable } from './parts-section.ts';
import { type Line, lineFigure } from './plots/line-figure.ts';

/** Calibration of a ranking run; nothing for a run without. */
export function calibrationSection({ calibration }: RunResults): Html | undefined {
  if (calibration === undefined) return undefined;
  const { split, variants, definitions } = calibration;
  const lines = variants.map(
    ({ name, curve }, colour): Line => ({
      name,
      points: curve.map(({ meanPrediction, meanLabel }) => ({ x: meanPrediction, y: meanLabel })),
      colour,
      style: 'measured',
      label: false,
    }),
  );
  const exact: Line = {
    name: 'exact',
    points: [0, 1].map((at) => ({ x: at, y: at })),
    colour: variants.length,
    style: 'law',
    label: false,
  };
  const draw = (width: number): string =>
    lineFigure({
      lines: [exact, ...lines],
      x: { label: 'mean prediction', domain: [0, 1] },
      y: { label: 'share of positives', zero: true },
      width,
    });
  const names = variants.map(({ name }, i) => `${name} (${['circles', 'squares', 'triangles'][i]})`).join(', ');
  const metrics = [...new Set(variants.flatMap((variant) => Object.keys(variant.metrics)))];
  return html`<h2>Calibration</h2>
${figureOf(draw, `Mean prediction and share of positives in 20 bins of equal mass, ${split} set: ${names}. Dashed: where they are equal.`)}
${plainTable(
  ['predictions', ...metrics],
  variants.map((variant) => [variant.name, ...metrics.map((metric) => formatMetric(variant.metrics[metric]))]),
)}
<ul class="small">${definitions.map((line) => html`<li>${line}</li>`)}</ul>`;
}

/** The learning rate by epoch, where it changes. */
export function learningRateFigure(epochs: readonly EpochRecord[]): Html | undefined {
  const points = epochs.flatMap(({ epoch, learningRate }) =>
    learningRate === undefined ? [] : [{ x: epoch, y: learningRate }],
  );
  if (new Set(points.map(({ y }) => y)).size < 2) return undefined;
  // A rate of 0 has no place on a log scale.
  const log = points.every(({ y }) => y > 0);
  const line: Line = { name: 'learning rate', points, colour: 0, style: 'measured', label: false };
  const draw = (width: number): string =>
    lineFigure({
      lines: [line],
      x: { label: 'epoch' },
      y: { label: 'learning rate', log, format: (rate) => rate.toPrecision(2) },
      height: 200,
      width,
    });
  return figureOf(draw, 'Learning rate of the last step of each epoch.');
}
