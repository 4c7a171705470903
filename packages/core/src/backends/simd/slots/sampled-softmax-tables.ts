// Slots of the argument block: what `sampledSoftmaxItems` reads besides `sampled-softmax.ts`.

/** Address: gradient of each token's loss [T]. */
export const D_LOSS = 12;
/** Address: a table for each group and strip, together [groups, I, W]. */
export const TABLES = 22;
/** Integer: columns of a strip. */
export const COLUMNS = 23;
/** Integer: groups of tokens. */
export const GROUPS = 24;
