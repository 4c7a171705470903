// Slots of the argument block: what `sumSegments` reads.

/** Address: addresses of rows, sorted by segment. */
export const ADDRESSES = 0;
/** Address: where each segment begins. */
export const OFFSETS = 1;
/** Address: sums [segments, D]. */
export const OUT = 2;
/** Integer: segments. */
export const SEGMENTS = 3;
/** Integer: floats of a sum. */
export const D = 4;
/** Integer: segments of a task. */
export const PER_TASK = 5;
/** Address: weights of the rows; 0: none; with them rows have a multiple of 8 floats, zeros past D. */
export const SORTED_WEIGHTS = 6;
/** Integer: bytes of a row. */
export const ROW_BYTES = 7;
/** Float: factor of the sums; without weights only. */
export const SCALE = 8;
