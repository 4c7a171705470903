// Slots of the argument block: what `mergeTopItems` reads.

/** Address: lists that `topItems` left [item tasks, B]. */
export const LISTS = 0;
/** Integer: lists of a query. */
export const ITEM_TASKS = 1;
/** Integer: queries B. */
export const ROWS = 2;
/** Integer: places; a list has room for twice as many keys. */
export const LENGTH = 3;
/** Address: scores [B, places], best first. */
export const SCORES = 4;
/** Address: their items [B, places]. */
export const IDS = 5;
/** Address: scores that are no numbers [item tasks, B]. */
export const UNDEFINED = 6;
/** Address: their sums [B]. */
export const UNDEFINED_SUMS = 7;
/** Integer: queries of a task. */
export const PER_TASK = 8;
