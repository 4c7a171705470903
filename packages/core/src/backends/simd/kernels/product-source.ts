/** Where a task finds B, and what multiplies, as in `assembly/gemm.ts`. */
export const SOURCE = { packed: 0, own: 1, ownTransposed: 2, inPlace: 3, native: 4, nativeTransposed: 5 } as const;
