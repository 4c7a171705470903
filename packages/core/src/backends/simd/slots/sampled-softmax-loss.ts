// Slots of the argument block: what `sampledSoftmax` reads besides `sampled-softmax.ts`.

/** Float: 1 / temperature. */
export const SCALE = 8;
/** Address: loss of each token [T]. */
export const LOSS = 10;
/** Address: logarithm of each token's sum [T]. */
export const LOG_SUM_EXP = 11;
