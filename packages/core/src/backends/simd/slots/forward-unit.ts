// A unit of an attention kernel's forward pass, up to 256 queries of one sequence, or some heads of them. Offsets in
// integers.

/** Integer: first packed row of the sequence. */
export const START = 0;
/** Integer: place of the first query; of candidates that of all. */
export const FIRST = 1;
/** Integer: queries. */
export const QUERIES = 2;
/** Integer: first head. */
export const HEAD = 3;
/** Address: what is kept of the sequence, its time buckets or the bits of dropout; 0: made anew. */
export const KEPT = 4;
/** Integer: length of the sequence. */
export const LENGTH = 5;
/** Integer: row of Q, of the output, of what candidates have themselves, and of the times of queries. */
export const ROW = 6;
/** Integer: how many heads. */
export const HEADS = 7;
/** Integer: the sequence. */
export const SEQUENCE = 8;
/** Integers of a unit. */
export const SIZE = 12;
