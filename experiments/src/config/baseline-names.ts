/**
 * Baselines by name, in the order in which they are shown. Apart from the schema, so that `--help` need not load it.
 */
export const baselineNames = ['popularity', 'item-knn', 'last-item', 'ease'] as const;

export type BaselineName = (typeof baselineNames)[number];
