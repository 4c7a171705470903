// Slots of the argument block: what `copyRows` reads.

/** Address: source. */
export const FROM = 0;
/** Integer: bytes from row to row of the source. */
export const FROM_ROW_BYTES = 1;
/** Address: destination. */
export const TO = 2;
/** Integer: bytes from row to row of the destination. */
export const TO_ROW_BYTES = 3;
/** Integer: bytes of a row. */
export const BYTES = 4;
/** Integer: rows. */
export const ROWS = 5;
/** Integer: rows of a task. */
export const PER_TASK = 6;
