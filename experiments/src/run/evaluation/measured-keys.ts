/** Keys of the configuration that decide how a trained model of sequences is measured, and nothing of its weights. */
export const MEASURED_KEYS: readonly string[] = [
  ...['ks', 'batchSize', 'excludeSeen', 'positions', 'ties', 'queryTime', 'segments', 'lists'].map(
    (key) => `evaluation.${key}`,
  ),
  ...['beams', 'mask', 'debias', 'dense.levels', 'dense.mix', 'dense.cold'].map((key) => `task.${key}`),
];
