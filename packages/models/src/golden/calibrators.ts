import { z } from 'zod';
import { expectedCalibrationError, reliabilityCurve } from '../evaluate/ranking/calibration.ts';
import { fitIsotonic } from '../evaluate/ranking/isotonic.ts';
import { fitPlatt } from '../evaluate/ranking/platt.ts';
import { clickRows } from '../evaluate/ranking/rows.ts';
import type { GoldenReport } from './report.ts';
import { type Compared, columnSchema, parseValues, reportOfValues } from './values.ts';

const fits = z.object({
  platt: z.object({ slope: z.number(), intercept: z.number(), probabilities: columnSchema }),
  isotonic: z.object({ x: columnSchema, y: columnSchema, probabilities: columnSchema, fitted: columnSchema }),
});
const schema = z.object({
  name: z.string(),
  config: z.object({ bins: z.int().min(1) }),
  inputs: z.object({
    logits: columnSchema,
    labels: columnSchema,
    weights: columnSchema,
    queries: columnSchema,
  }),
  outputs: z.object({
    plain: fits,
    weighted: fits,
    ece: z.number(),
    bins: z.array(z.object({ count: z.number(), meanPrediction: z.number(), meanLabel: z.number() })),
  }),
});

/** Platt's and isotonic calibration beside scikit-learn, and the calibration error with numpy's bins. */
export async function checkCalibrators(json: unknown): Promise<GoldenReport> {
  const { name, config, inputs, outputs } = parseValues(schema, json);
  const { logits, labels, weights, queries } = inputs;
  const plain = clickRows({ logits, labels });
  const compared: Compared[] = [];
  for (const [rows, expected] of [
    [plain, outputs.plain],
    [clickRows({ logits, labels, weights }), outputs.weighted],
  ] as const) {
    const platt = fitPlatt(rows);
    const isotonic = fitIsotonic(rows);
    compared.push(
      [
        [platt.slope, platt.intercept],
        [expected.platt.slope, expected.platt.intercept],
      ],
      [platt.predict(queries), expected.platt.probabilities],
      [isotonic.x, expected.isotonic.x],
      [isotonic.y, expected.isotonic.y],
      [isotonic.predict(queries), expected.isotonic.probabilities],
      [isotonic.predict(logits), expected.isotonic.fitted],
    );
  }
  const options = { bins: config.bins, binning: 'equal-rows' } as const;
  const curve = reliabilityCurve(plain, options);
  compared.push([[expectedCalibrationError(plain, options)], [outputs.ece]]);
  for (const field of ['count', 'meanPrediction', 'meanLabel'] as const) {
    compared.push([curve.map((bin) => bin[field]), outputs.bins.map((bin) => bin[field])]);
  }
  return reportOfValues(name, compared, 1e-7);
}
