// Slots of the argument block: what turns time differences into buckets, in HSTU attention and in `bucketRows`, which
// makes them once for all layers.

/** Address: timestamps of the queries; 0: none. */
export const QUERY_TIMES = 14;
/** Address: timestamps of the keys; 0: none. */
export const KEY_TIMES = 15;
/** Address: cells that turn a time difference into its bucket; 0: none. */
export const CELLS = 16;
/** Integer: bits of a float below those that select its cell. */
export const CELL_SHIFT = 17;
