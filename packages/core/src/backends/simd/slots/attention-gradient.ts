// Slots of the argument block: what the gradients of both attentions read besides the slots of their forward passes.

/** Address: gradient of the output [T, H, C]. */
export const D_OUT = 18;
/** Address: gradient of the queries [T, H, A]. */
export const DQ = 19;
/** Address: gradient of the keys [T, H, A]. */
export const DK = 20;
/** Address: gradient of the values [T, H, C]. */
export const DV = 21;
/** Address: first unit of each group of units, and the end of the last. */
export const GROUPS = 24;
