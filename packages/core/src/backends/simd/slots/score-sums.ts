// Slots of the argument block: what both kernels of `logSumExpScores` read; each has slots of its own besides.

/** Address: queries [P, D]. */
export const QUERIES = 0;
/** Address: items [N, D]. */
export const ITEMS = 1;
/** Address: the items packed into panels of eight; as they lie where LIBRARY is set. */
export const PACKED = 2;
/** Address: what is added to the scores of each item [N]; 0: nothing. */
export const BIAS = 3;
/** Address: what is added to the scores of a group of queries [G, N]; 0: nothing. */
export const MASK = 4;
/** Address: group of each query [P]. */
export const GROUPS = 5;
/** Integer: queries P. */
export const ROWS = 6;
/** Integer: items N. */
export const ITEM_COUNT = 7;
/** Integer: width D of queries and items. */
export const D = 8;
/** Address: logarithm of each query's sum [P]. */
export const LOG_SUM_EXP = 9;
/** Integer: queries of a task. */
export const PER_TASK = 10;
/** Integer: whether a native library multiplies; the last of the block, after what each kernel has. */
export const LIBRARY = 63;
