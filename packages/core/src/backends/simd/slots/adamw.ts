// Slots of the argument block: what `adamw` reads.

/** Address: parameter, changed in place. */
export const PARAM = 0;
/** Address: first moment, changed in place. */
export const M = 1;
/** Address: second moment, changed in place. */
export const V = 2;
/** Address: gradient. */
export const GRAD = 3;
/** Integer: elements. */
export const N = 4;
/** Integer: elements of a task. */
export const PER_TASK = 5;
/** Float: learning rate times weight decay. */
export const DECAY = 6;
/** Float: beta1. */
export const BETA1 = 7;
/** Float: 1 - beta1. */
export const BETA1_REST = 8;
/** Float: beta2. */
export const BETA2 = 9;
/** Float: 1 - beta2. */
export const BETA2_REST = 10;
/** Float: learning rate / (1 - beta1^t). */
export const RATE = 11;
/** Float: 1 / sqrt(1 - beta2^t). */
export const CORRECTION = 12;
/** Float: epsilon. */
export const EPSILON = 13;
