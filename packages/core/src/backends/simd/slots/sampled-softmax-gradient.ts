// Slots of the argument block: what `sampledSoftmaxGrad` reads besides `sampled-softmax.ts`.

/** Address: gradient of each token's loss [T]. */
export const D_LOSS = 12;
/** Address: gradient of the queries [T, D]. */
export const D_QUERIES = 13;
/** Address: items of the entries [T, Z]; 0: not wanted. */
export const IDS = 17;
/** Address: coefficients of the entries [T, Z]. */
export const COEFFICIENTS = 19;
