/** What stands beside a model unless others are asked for. */
export const defaultBaselines = ['popularity', 'item-knn', 'last-item', 'ease'] as const;

/** The keys of `evaluation` that are settings of baselines: none of them decides a weight or a rank of a model. */
export const baselineSettings = ['baselineHistory', 'recentPopularity', 'randomWalk', 'ease', 'slim'] as const;

/** The settings of `evaluation` that are of one baseline alone. */
export const sectionOfBaseline = {
  'recent-popularity': 'recentPopularity',
  'random-walk': 'randomWalk',
  ease: 'ease',
  slim: 'slim',
} as const satisfies Readonly<Record<string, (typeof baselineSettings)[number]>>;
