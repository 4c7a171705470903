// Slots of the argument block: what HSTU attention reads besides `attention.ts` and `time-buckets.ts`.

/** Float: 1 / normalizer. */
export const INVERSE = 9;
/** Address: bias by distance i - j, distance 0 at the address; 0: no bias. */
export const BIAS = 10;
/** Address: weights of the time buckets; 0: none. */
export const TIME_WEIGHTS = 12;
/** Integer: how many time buckets there are. */
export const TIME_BUCKETS = 13;
