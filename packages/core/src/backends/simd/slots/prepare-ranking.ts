// Slots of the argument block: what `prepareRanking` reads.

/** Address: queries [B, K]. */
export const QUERIES = 0;
/** Address: item table [I, K]. */
export const ITEMS = 1;
/** Address: queries in panels of six. */
export const PACKED = 2;
/** Address: target of each query; 0: none. */
export const TARGETS = 3;
/** Address: scores of the targets [B]. */
export const TARGET_SCORES = 4;
/** Address: where the excluded ids of each query begin [B + 1]. */
export const OFFSETS = 5;
/** Address: excluded ids. */
export const IDS = 6;
/** Address: the same, sorted for each query. */
export const SORTED_IDS = 7;
/** Integer: queries B. */
export const ROWS = 8;
/** Integer: floats K of a query. */
export const WIDTH = 9;
/** Integer: queries of a task, a multiple of six. */
export const PER_TASK = 10;
