// Slots of the argument block: what `distanceTable` reads.

/** Address: position weights [2n - 1]. */
export const WEIGHTS = 0;
/** Integer: n; 0: no weights. */
export const N = 1;
/** Address: the table. */
export const TABLE = 2;
/** Integer: floats of the table. */
export const SIZE = 3;
/** Integer: entry of distance 0. */
export const ORIGIN = 4;
/** Integer: first distance. */
export const FIRST = 5;
/** Integer: end of the distances. */
export const END = 6;
