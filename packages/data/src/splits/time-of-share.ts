/** The time of events that a share of them lies before, as a split by shares cuts: of sorted times. */
export function timeOfShare(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
