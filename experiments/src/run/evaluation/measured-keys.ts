import { baselineDefaults, settingsOfAllBaselines } from '../../config/baseline-names.ts';

/** Keys of the configuration that decide how a trained model of sequences is measured, and nothing of its weights. */
export function measuredKeys(): string[] {
  const evaluation = ['ks', 'batchSize', 'excludeSeen', 'positions', 'ties', 'queryTime', 'segments', 'lists'];
  const ofBaselines = Object.entries(baselineDefaults()).flatMap(([key, settings]) =>
    Object.keys(settings).map((setting) => `${key}.${setting}`),
  );
  const task = ['beams', 'mask', 'debias', 'dense.levels', 'dense.mix', 'dense.cold'];
  return [
    ...[...evaluation, ...settingsOfAllBaselines, ...ofBaselines].map((key) => `evaluation.${key}`),
    ...task.map((key) => `task.${key}`),
  ];
}
