/** How the windows of an epoch are chosen among the `W` of a history, 0 the newest. */
export const slidingRules = [
  'control',
  'all-windows',
  'one-random',
  'round-robin',
  'strided-offset',
  'weighted',
] as const;
export type SlidingRule = (typeof slidingRules)[number];
