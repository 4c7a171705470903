import {
  type Calibrator,
  ClickRows,
  EvaluationError,
  fitIsotonic,
  fitPlatt,
  rankingMetrics,
  recalibrate,
  reliabilityCurve,
  type ScoredRows,
} from '@seqrec/models';
import type { Calibration } from '../folder/results.ts';

/** What recalibration changes; the order of rows, and with it AUC, stays. */
const CALIBRATED = ['logloss', 'NE', 'calibration', 'ECE'];

/** What was fitted on the rows of validation, and why the rest was not. */
export interface Calibrators {
  readonly fitted: readonly Calibrator[];
  readonly notes: readonly string[];
}

/** Platt's and isotonic calibrators of validation rows; one that cannot be fitted is left out with its reason. */
export function fitCalibrators(validation: ClickRows): Calibrators {
  const fitted: Calibrator[] = [];
  const notes: string[] = [];
  for (const [kind, fit] of [
    ['platt', () => fitPlatt(validation)],
    ['isotonic', () => fitIsotonic(validation)],
  ] as const) {
    try {
      fitted.push(fit());
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      notes.push(`${kind} is left out: ${error.message}`);
    }
  }
  return { fitted, notes };
}

/** Predictions of a set as they are, and under calibrators of another set. Nothing for labels that are numbers. */
export function calibrationOf(
  rows: ScoredRows,
  split: string,
  { fitted, notes }: Calibrators,
): Calibration | undefined {
  if (!(rows instanceof ClickRows)) return undefined;
  const variants = [
    { name: 'model', rows },
    ...fitted.map((calibrator) => ({ name: calibrator.kind, rows: recalibrate(rows, calibrator) })),
  ];
  return {
    split,
    variants: variants.map(({ name, rows: own }) => {
      const { metrics } = rankingMetrics(own);
      return {
        name,
        metrics: Object.fromEntries(CALIBRATED.flatMap((key) => (key in metrics ? [[key, metrics[key]]] : []))),
        curve: reliabilityCurve(own),
      };
    }),
    definitions: [
      ...fitted.map(({ kind, definition }) => `${kind}: ${definition}.`),
      ...notes.map((note) => `${note}.`),
    ],
  };
}
