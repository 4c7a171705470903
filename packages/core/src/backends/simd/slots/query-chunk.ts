// A chunk of queries of one head whose parts of dQ are added: eight integers. Offsets in integers.

/** Integer: first packed row of the sequence. */
export const START = 0;
/** Integer: first query. */
export const FIRST = 1;
/** Integer: queries. */
export const QUERIES = 2;
/** Integer: head. */
export const HEAD = 3;
/** Address: its parts, in order: `query-part.ts`. */
export const PARTS = 4;
/** Integer: how many parts there are. */
export const COUNT = 5;
/** Integers of a chunk. */
export const SIZE = 8;
