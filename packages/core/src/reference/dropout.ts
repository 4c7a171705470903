/** Float64 reference of dropout; its gradient is the same function of `dy`. */
export function dropout(x: ArrayLike<number>, keep: readonly boolean[], rate: number): Float64Array {
  const y = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) y[i] = keep[i] ? x[i] / (1 - rate) : 0;
  return y;
}
