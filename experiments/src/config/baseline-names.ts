/**
 * Baselines by name, in the order in which they are shown. Apart from the schema, so that `--help` need not load it.
 */
export const baselineNames = [
  'popularity',
  'recent-popularity',
  'item-knn',
  'last-item',
  'markov',
  'random-walk',
  'ease',
  'slim',
] as const;

export type BaselineName = (typeof baselineNames)[number];

/** What stands beside a model unless others are asked for. */
export const defaultBaselines = ['popularity', 'item-knn', 'last-item', 'ease'] as const satisfies BaselineName[];

/** The sections of `evaluation` that hold settings of baselines: none of them decides a weight or a rank of a model. */
export const baselineSections = ['recentPopularity', 'randomWalk', 'ease', 'slim'] as const;
