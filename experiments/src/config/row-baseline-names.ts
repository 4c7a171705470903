/** Baselines of rows by name, in the order in which they are shown. */
export const rowBaselineNames = ['base-rate', 'item-mean', 'user-item-mean'] as const;

export type RowBaselineName = (typeof rowBaselineNames)[number];
