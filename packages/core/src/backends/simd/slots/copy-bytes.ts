// Slots of the argument block: what `copyBytes` reads.

/** Address: source. */
export const FROM = 0;
/** Address: destination. */
export const TO = 1;
/** Integer: bytes. */
export const BYTES = 2;
