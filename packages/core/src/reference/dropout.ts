/** Float64 reference of dropout; its gradient is the same function of `dy`. */
export function dropout(x: ArrayLike<number>, keep: readonly boolean[], rate: number): Float64Array {
  return Float64Array.from(x, (value, i) => (keep[i] ? value / (1 - rate) : 0));
}
