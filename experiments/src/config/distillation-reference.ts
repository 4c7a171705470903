// What the recipes of distillation on ML-1M share: small students, and the labels of one teacher, also times 1.3.

import {
  ctrEvaluation,
  ctrOptimizer,
  ctrTables,
  ctrTraining,
  likedOrNot,
  movieLensFields,
  randomRows,
} from './ctr-reference.ts';
import type { WrittenRecipe } from './recipe.ts';
import type { RunConfigInput } from './run-config.ts';

/** A label store of a teacher that was trained on the same training rows. */
const store = 'labels';

/** Every student has the same data, so that they are compared on the same rows. */
const studentData = {
  format: 'named' as const,
  name: 'ml-1m' as const,
  label: likedOrNot,
  split: randomRows,
  teacherLabels: [
    { path: store, prefix: 'teacher' },
    { path: store, prefix: 'biased', scale: 1.3 },
  ],
};

const mlpOf = (hiddenSizes: number[]) => ({
  kind: 'mlp' as const,
  ...movieLensFields,
  embeddingDim: 16,
  hiddenSizes,
  ...ctrTables,
});

const shared = { optimizer: ctrOptimizer, training: ctrTraining, evaluation: ctrEvaluation, seed: 1 };

/** A teacher, four times as wide. */
export const teacherConfig: RunConfigInput = {
  task: { kind: 'ranking' },
  data: { format: 'named', name: 'ml-1m', label: likedOrNot, split: randomRows },
  model: mlpOf([256]),
  ...shared,
};

/** Which labels a student learns from: that of the data, and predictions of the teacher beside it or within it. */
export type Arm =
  | { readonly kind: 'alone' }
  | { readonly kind: 'auxiliary' | 'direct'; readonly teacher: 'teacher.label' | 'biased.label' };

/** Share of the teacher in the loss of the arm `direct`, and weight of its head in `auxiliary`. */
const SHARE = 0.8;
const WEIGHT = 1;

/** A student. */
export function studentRecipe(arm: Arm, about: Pick<WrittenRecipe, 'claim' | 'expected' | 'command'>): WrittenRecipe {
  const labels = {
    alone: () => ['label'],
    auxiliary: (column: string) => [
      'label',
      { column, loss: 'sigmoid-squared' as const, weight: WEIGHT, served: false },
    ],
    direct: (column: string) => [{ column: 'label', teacher: { column, share: SHARE } }],
  }[arm.kind](arm.kind === 'alone' ? '' : arm.teacher);
  return {
    ...about,
    source:
      'Bridging the Gap: Unpacking the Hidden Challenges in Knowledge Distillation for Online Ranking Systems (RecSys 2024); rows and settings: DCNv3 (arXiv:2407.13349)',
    cost: 'about 15 s an epoch on one thread of an AMD EPYC (Zen 4) beside other work, Node 24',
    config: { task: { kind: 'ranking', labels }, data: studentData, model: mlpOf([64]), ...shared },
  };
}
