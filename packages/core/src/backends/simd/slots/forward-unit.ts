// A unit of an attention kernel's forward pass, up to 256 queries of one sequence: eight integers. Offsets in integers.

/** Integer: first packed row of the sequence. */
export const START = 0;
/** Integer: first query. */
export const FIRST = 1;
/** Integer: queries. */
export const QUERIES = 2;
/** Address: what is kept of the sequence, its time buckets or the bits of dropout; 0: made anew. */
export const KEPT = 4;
/** Integer: length of the sequence. */
export const LENGTH = 5;
/** Integer: row of Q, of the output and of the timestamps that belongs to the first query. */
export const ROW = 6;
/** Integers of a unit. */
export const SIZE = 8;
