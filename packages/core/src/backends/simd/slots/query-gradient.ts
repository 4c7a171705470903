// Slots of the argument block: what `attentionQueryGrad` reads: sums over the parts of dQ.

/** Address: chunks of queries: `query-chunk.ts`. */
export const CHUNKS = 4;
/** Integer: heads H. */
export const HEADS = 5;
/** Integer: floats A of a head's query. */
export const WIDTH = 6;
/** Float: factor of the products of queries and keys. */
export const SCALE = 8;
/** Float: 1 / normalizer. */
export const INVERSE = 9;
/** Address: gradient of the queries [T, H, A]. */
export const DQ = 19;
