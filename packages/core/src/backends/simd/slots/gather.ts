// Slots of the argument block: what `gather` reads.

/** Address: table. */
export const TABLE = 0;
/** Address: ids of its rows. */
export const IDS = 1;
/** Address: output, a row for each id. */
export const OUT = 2;
/** Integer: ids. */
export const ROWS = 3;
/** Integer: bytes of a row. */
export const BYTES = 4;
/** Integer: rows of a task. */
export const PER_TASK = 5;
