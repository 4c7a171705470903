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

/** The keys of `evaluation` that are settings of baselines: none of them decides a weight or a rank of a model. */
export const baselineSettings = ['baselineHistory', 'recentPopularity', 'randomWalk', 'ease', 'slim'] as const;

/** The settings of `evaluation` that are of one baseline alone. */
export const sectionOfBaseline = {
  'recent-popularity': 'recentPopularity',
  'random-walk': 'randomWalk',
  ease: 'ease',
  slim: 'slim',
} as const satisfies Partial<Record<BaselineName, (typeof baselineSettings)[number]>>;
