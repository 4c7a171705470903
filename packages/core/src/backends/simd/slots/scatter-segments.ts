// Slots of the argument block: what `scatterSegments` reads.

/** Address: segment of each entry. */
export const IDS = 0;
/** Integer: entries. */
export const N = 1;
/** Integer: entries of a task, a multiple of GROUP. */
export const CHUNK = 2;
/** Integer: segments. */
export const SEGMENTS = 3;
/** Address: what `placeSegments` left. */
export const PLACES = 4;
/** Address: address of the row of x of each entry, sorted by segment. */
export const ADDRESSES = 5;
/** Integer: entries of a row of x. */
export const GROUP = 6;
/** Address: weight of each entry; 0: none. */
export const WEIGHTS = 7;
/** Address: the same, sorted by segment. */
export const SORTED_WEIGHTS = 8;
/** Address: rows. */
export const X = 9;
/** Integer: bytes from row to row of x. */
export const X_ROW_BYTES = 10;
