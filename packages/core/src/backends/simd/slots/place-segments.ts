// Slots of the argument block: what `placeSegments` reads.

/** Address: entries by chunk and segment; becomes the place of the first of each. */
export const COUNTS = 0;
/** Integer: chunks. */
export const CHUNKS = 1;
/** Integer: segments. */
export const SEGMENTS = 2;
/** Address: where each segment begins [segments + 1]. */
export const OFFSETS = 3;
