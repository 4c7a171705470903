import { Progress } from '../../terminal/progress.ts';
import { renderTable } from '../../terminal/table.ts';
import { openMaterial, type SubjectRequest, startSubject } from '../bench/subject.ts';

/** Largest difference of a step's loss, relative to it, that passes for the same curve in float32. */
export const CURVE_TOLERANCE = 1e-3;

export interface CurveComparison {
  readonly recipe: string;
  readonly backend: string;
  readonly reference: string;
  /** Loss of each step: on the backend, and on the reference backend. */
  readonly losses: readonly (readonly [number, number])[];
  readonly seconds: number;
  /** Largest difference of a step, relative to the reference's loss. */
  readonly largest: number;
  readonly within: boolean;
}

export interface CurveRequest extends SubjectRequest {
  /** Steps to train; default: an epoch. */
  readonly steps?: number;
}

/** Trains a recipe from the same seed on `simd` and on another backend, and compares the losses step by step. */
export async function compareCurves(request: CurveRequest): Promise<CurveComparison> {
  const progress = new Progress({ quiet: request.quiet });
  const material = await openMaterial(request, progress);
  const curve = async (backend: SubjectRequest['backend']) => {
    const { trainer, model, choice } = await startSubject(material, backend);
    const steps = request.steps ?? trainer.stepsPerEpoch;
    const losses: number[] = [];
    const begin = performance.now();
    const take = (infos: readonly { readonly loss: number }[]): void => {
      for (const { loss } of infos) losses.push(loss);
      progress.update({ label: `${choice.name}  step`, done: losses.length, total: steps, fields: [] });
    };
    progress.start();
    for (let i = 0; i < steps; i++) take(await trainer.advance());
    take(await trainer.settle());
    progress.clear();
    trainer.dispose();
    model.dispose();
    return { losses, name: choice.name, seconds: (performance.now() - begin) / 1000 };
  };
  const ours = { precision: 'f32', blas: 'off', blasFrom: undefined };
  const reference = await curve({ ...request.backend, backend: 'simd', ...ours });
  const { losses, name, seconds } = await curve(request.backend);
  const pairs = losses.map((loss, i) => [loss, reference.losses[i]] as const);
  const largest = largestDifference(pairs);
  return {
    recipe: material.name,
    backend: name,
    reference: reference.name,
    losses: pairs,
    seconds,
    largest,
    within: largest <= CURVE_TOLERANCE,
  };
}

/** Of all steps, relative to the second loss; NaN where a loss is. */
export function largestDifference(pairs: CurveComparison['losses']): number {
  return Math.max(...pairs.map(([ours, expected]) => Math.abs(ours - expected) / Math.abs(expected)));
}

/** Some steps of the curve, or with `verbose` all, and the verdict. */
export function renderCurves(comparison: CurveComparison, verbose: boolean): string {
  const { recipe, backend, reference, losses, seconds, largest, within } = comparison;
  const every = verbose ? 1 : Math.ceil(losses.length / 10);
  const rows = losses.flatMap(([ours, expected], step) =>
    step % every === 0 || step === losses.length - 1
      ? [
          [
            String(step),
            ours.toFixed(6),
            expected.toFixed(6),
            (Math.abs(ours - expected) / Math.abs(expected)).toExponential(1),
          ],
        ]
      : [],
  );
  const titles = ['step', backend, reference, 'difference'];
  const table = renderTable(
    titles.map((title) => ({ title, align: 'right' as const })),
    rows,
  );
  const verdict = `${within ? 'pass' : 'FAIL'}: ${losses.length} steps, largest difference ${largest.toExponential(1)}, tolerance ${CURVE_TOLERANCE}, relative`;
  return `${recipe}: loss of each step, ${seconds.toFixed(1)} s on ${backend}\n\n${table}\n\n${verdict}`;
}
