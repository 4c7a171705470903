// Slots of the argument block: what the forward passes of both attentions read of queries that are not the tokens.

/** Address: row of K and V of each key, an integer; 0: its own number. */
export const KEY_ROWS = 18;
/**
 * Address: keys [Q, H, A] of candidates, which stand after all keys and see themselves; 0: the
 * queries are no candidates.
 */
export const SELF_K = 19;
/** Address: values [Q, H, C] of candidates. */
export const SELF_V = 20;
