/** Keys of the configuration that decide how a trained model of sequences is measured, and nothing of its weights. */
export const MEASURED_KEYS: readonly string[] = [
  ...['ks', 'batchSize', 'excludeSeen', 'positions', 'ties', 'queryTime', 'segments', 'lists'].map(
    (key) => `evaluation.${key}`,
  ),
  ...[
    'baselineHistory',
    'recentPopularity.days',
    'randomWalk.alpha',
    'randomWalk.beta',
    'ease.lambda',
    'ease.maxMemory',
  ].map((key) => `evaluation.${key}`),
  ...['l1', 'l2', 'tolerance', 'maxMemory'].map((key) => `evaluation.slim.${key}`),
  ...['beams', 'mask', 'debias', 'dense.levels', 'dense.mix', 'dense.cold'].map((key) => `task.${key}`),
];
