// Slots of the argument block: where the gradient of HSTU attention leaves those of its bias.

/** Address: sums by distance, a set for each group. */
export const DISTANCE_SUMS = 22;
/** Address: sums by time bucket, a set for each group. */
export const BUCKET_SUMS = 23;
/** Integer: floats of a set of sums by distance. */
export const DISTANCES = 25;
/** Integer: where distance 0 lies in a set. */
export const ORIGIN = 27;
