// Slots of the argument block: what `rankCounts` and `topItems` read.

/** Address: queries in panels of six. */
export const PACKED = 0;
/** Address: item table [I, K]. */
export const ITEMS = 1;
/** Address: scores of the targets [B]; not read by `topItems`. */
export const TARGET_SCORES = 2;
/** Address: target of each query; not read by `topItems`. */
export const TARGETS = 3;
/** Address: where the excluded ids of each query begin [B + 1]. */
export const OFFSETS = 4;
/** Address: excluded ids, sorted for each query. */
export const IDS = 5;
/** Address: last candidate of each query; 0: all items are candidates. */
export const LAST = 6;
/** Integer: queries B. */
export const ROWS = 7;
/** Integer: items I. */
export const ITEM_COUNT = 8;
/** Integer: floats K of a query. */
export const WIDTH = 9;
/** Integer: first candidate. */
export const FIRST_ITEM = 10;
/** Integer: queries of a task, a multiple of six. */
export const PER_TASK = 11;
/** Integer: tasks of a range of items. */
export const QUERY_TASKS = 12;
/** Integer: items of a task, a multiple of 64. */
export const ITEMS_PER_TASK = 13;
/** Address: `rankCounts`: integers [item tasks, B, 4]; `topItems`: lists [item tasks, B]. */
export const OUT = 14;
