/**
 * The most that any predictor can expect of a stream: the hit rate of one that knows each record's categories, prior
 * and alpha. At a position with `n_c` earlier events of category `c` out of `p`, its next event is of `c` with
 * probability `(alpha H_c + n_c) / (alpha + p)`, uniform among the open items of `c`; the best list takes items in
 * the order of that probability an item.
 */
export class StreamingCeiling {
  readonly #sums: Float64Array;
  readonly #cutoffs: readonly number[];
  #positions = 0;

  constructor(cutoffs: readonly number[]) {
    this.#cutoffs = cutoffs;
    this.#sums = new Float64Array(cutoffs.length);
  }

  /** @param mass probability of each category, @param items open items of each */
  add(mass: readonly number[], items: readonly number[]): void {
    const order = mass.map((_, c) => c).sort((a, b) => mass[b] / items[b] - mass[a] / items[a]);
    this.#positions++;
    this.#cutoffs.forEach((cutoff, i) => {
      let left = cutoff;
      for (const c of order) {
        const taken = Math.min(left, items[c]);
        this.#sums[i] += (taken * mass[c]) / items[c];
        left -= taken;
      }
    });
  }

  /** HR@k of each cutoff, over all positions that were added. */
  get hitRates(): number[] {
    return Array.from(this.#sums, (sum) => sum / this.#positions);
  }
}
