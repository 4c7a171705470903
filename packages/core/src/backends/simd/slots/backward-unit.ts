// A unit of an attention kernel's gradient, a range of keys of one head of one sequence: eight integers. Offsets in
// integers.

/** Integer: first packed row of the sequence. */
export const START = 0;
/** Integer: first key. */
export const FIRST_KEY = 1;
/** Integer: end of the keys. */
export const END_KEY = 2;
/** Integer: head. */
export const HEAD = 3;
/** Address: what is kept of the sequence, its time buckets or the bits of dropout; 0: made anew. */
export const KEPT = 4;
/** Integer: length of the sequence. */
export const LENGTH = 5;
/** Address: its part of dQ. */
export const PART = 6;
/**
 * Integer: first panel of that part; -n: the unit has all keys of a short sequence and n heads, which share the bias,
 * so its sums of dQ stay in scratch memory and it writes dQ itself.
 */
export const FIRST_PANEL = 7;
/** Integers of a unit. */
export const SIZE = 8;
