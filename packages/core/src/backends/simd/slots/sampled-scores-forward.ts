// Slots of the argument block: what `sampledScores` reads besides `sampled-scores.ts`.

/** Address: scores [P, R]. */
export const SCORES = 8;
