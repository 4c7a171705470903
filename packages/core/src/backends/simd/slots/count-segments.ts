// Slots of the argument block: what `countSegments` reads.

/** Address: segment of each entry. */
export const IDS = 0;
/** Integer: entries. */
export const N = 1;
/** Integer: entries of a task. */
export const CHUNK = 2;
/** Integer: segments. */
export const SEGMENTS = 3;
/** Address: entries by chunk and segment [chunks, segments]. */
export const COUNTS = 4;
