// Slots of the argument block: what `scoreSumsGrad` reads besides `score-sums.ts`.

/** Address: gradient of each sum's logarithm [P]. */
export const D_SUMS = 11;
/** Address: gradient of the items, one for each slice of the queries [slices, N, D]. */
export const D_ITEMS = 12;
/** Integer: slices of the queries; PER_TASK is what one has. */
export const SLICES = 13;
