// Slots of the argument block: what `sampledScoresGrad` reads besides `sampled-scores.ts`.

/** Address: gradient of the scores [P, R]. */
export const D_SCORES = 9;
/** Address: gradient of the queries [P, D]. */
export const D_QUERIES = 10;
/** Integer: floats of a gradient by query. */
export const D = 11;
