// Slots of the argument block: what `topItems` reads besides `ranking.ts`.

/** Integer: places; a list has room for twice as many keys. */
export const LENGTH = 15;
/** Address: scores that are no numbers [item tasks, B]. */
export const UNDEFINED = 16;
