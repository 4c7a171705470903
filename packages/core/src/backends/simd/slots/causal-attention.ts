// Slots of the argument block: what softmax attention reads besides `attention.ts`.

/** Address: logarithm of each query's sum [T, H]. */
export const LOG_SUM_EXP = 9;
/** Integer: words of the stream below it drop a weight. */
export const THRESHOLD = 10;
/** Float: 1 / (1 - rate). */
export const KEEP_SCALE = 11;
/** Integer: first word of the stream's key. */
export const K0 = 12;
/** Integer: second word of the stream's key. */
export const K1 = 13;
/** Integer: step of the stream. */
export const STEP = 14;
/** Integer: whether there is dropout. */
export const DROPOUT = 15;
/** Integer: number of row 0 and head 0 in the stream. */
export const FIRST = 16;
