// Slots of the argument block: what `scoreSums` reads besides `score-sums.ts`.

/** Address: gradient of each sum's logarithm by its query [P, D]; 0: not wanted. */
export const DIRECTIONS = 11;
