// Where the sums of a unit for dQ lie: two integers. Offsets in integers.

/** Integer: first panel. */
export const FIRST_PANEL = 0;
/** Address: sums of that panel; the others follow. */
export const SUMS = 1;
/** Integers of a part. */
export const SIZE = 2;
