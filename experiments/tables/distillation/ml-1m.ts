import { isRankingConfig, type RunConfig } from '../../src/config/run-config.ts';
import { defineTable } from '../../src/studies/reproduce/table.ts';

/** The same configuration with the labels of the teacher of the seed. */
function taught(config: RunConfig, path: string): RunConfig {
  if (!isRankingConfig(config) || !('teacherLabels' in config.data)) return config;
  const teacherLabels = config.data.teacherLabels?.map((each) => ({ ...each, path }));
  return { ...config, data: { ...config.data, teacherLabels } } as RunConfig;
}

export const table = defineTable({
  title: 'ML-1M: distillation by a head of its own, and by the head that is served',
  source:
    'Bridging the Gap: Unpacking the Hidden Challenges in Knowledge Distillation for Online Ranking Systems (RecSys 2024); no table of its figures is public',
  notes: [
    'Rows of `ctr/ml-1m`, by chance. For each seed a teacher (one hidden layer of 256) is trained first and its predictions of the training rows go to a label store; students have one hidden layer of 64.',
    '`auxiliary`: a second head learns the predictions by `(sigmoid(t) - p)^2`, and the head of the labels is served. `direct`, the control: one head, `.2` of the cross-entropy of the label and `.8` of the squared distance from the prediction.',
    '`biased`: the predictions times 1.3, at most 1. What is to be seen: `calibration` (sum of predictions over sum of labels, as they come, not recalibrated) of `auxiliary` stays within 1 % of `alone`, that of `direct` moves by more than 5 %.',
    'Teacher and students saw the same training rows, so that the predictions of the teacher are of rows that it has learned.',
  ],
  splitBySeed: true,
  metrics: ['calibration', 'logloss', 'AUC', 'ECE'],
  lowerIsBetter: ['logloss', 'ECE'],
  before: [{ name: 'teacher', recipe: 'distillation/ml-1m-teacher', gives: 'labels', into: taught }],
  rows: [
    { name: 'alone', recipe: 'distillation/ml-1m-alone', paper: {} },
    { name: 'auxiliary', recipe: 'distillation/ml-1m-auxiliary', paper: {} },
    { name: 'direct', recipe: 'distillation/ml-1m-direct', paper: {} },
    { name: 'auxiliary, biased teacher', recipe: 'distillation/ml-1m-auxiliary-biased', paper: {} },
    { name: 'direct, biased teacher', recipe: 'distillation/ml-1m-direct-biased', paper: {} },
  ],
  claims: [{ better: 'auxiliary, biased teacher', worse: 'direct, biased teacher', metrics: ['logloss'] }],
});
