// Slots of the argument block: what both attentions read; each has slots of its own besides, `hstu-attention.ts` and
// `causal-attention.ts`.

/** Address: queries [T, H, A]; forward of the last queries alone, [B, H, A]. */
export const Q = 0;
/** Address: keys [T, H, A]. */
export const K = 1;
/** Address: values [T, H, C]. */
export const V = 2;
/** Address: output, rows as those of Q; not read by the gradient of HSTU attention. */
export const OUT = 3;
/** Address: units of work: `forward-unit.ts`; of the gradients `backward-unit.ts`. */
export const UNITS = 4;
/** Integer: heads H. */
export const HEADS = 5;
/** Integer: floats A of a head's query and key. */
export const WIDTH = 6;
/** Integer: floats C of a head's value. */
export const VALUE_WIDTH = 7;
/** Float: factor of the products of queries and keys. */
export const SCALE = 8;
/** Address: keys that each query sees, two integers a packed query, first and end; 0: causality alone. */
export const VISIBLE = 26;
/** Integer: keys at the start of a sequence that every query sees up to the end of its range. */
export const GLOBAL_KEYS = 28;
