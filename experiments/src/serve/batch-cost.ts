/** What an earlier batch weighs beside the one after it. */
const DECAY = 0.9;

/**
 * How long batches take, learned from those that ran: `ms = a + b n`, by least squares over batches whose weight decays
 * by {@link DECAY} from one to the next. As long as all had one length, `b` is 0.
 */
export class BatchCost {
  #weight = 0;
  #n = 0;
  #ms = 0;
  #nn = 0;
  #nms = 0;

  /** Takes note of a batch. */
  took(operations: number, ms: number): void {
    this.#weight = DECAY * this.#weight + 1;
    this.#n = DECAY * this.#n + operations;
    this.#ms = DECAY * this.#ms + ms;
    this.#nn = DECAY * this.#nn + operations * operations;
    this.#nms = DECAY * this.#nms + operations * ms;
  }

  /** Milliseconds that as many operations are expected to take, in batches of at most `size`. */
  expected(operations: number, size: number): number {
    if (this.#weight === 0 || operations === 0) return 0;
    const { fixed, each } = this.#line();
    return fixed * Math.ceil(operations / size) + each * operations;
  }

  /** Neither part of a cost is negative, whatever noise says. */
  #line(): { readonly fixed: number; readonly each: number } {
    const spread = this.#weight * this.#nn - this.#n * this.#n;
    const tiny = 1e-9 * this.#weight * this.#nn;
    const slope = spread > tiny ? (this.#weight * this.#nms - this.#n * this.#ms) / spread : 0;
    const each = Math.max(0, slope);
    const fixed = (this.#ms - each * this.#n) / this.#weight;
    return fixed >= 0 ? { fixed, each } : { fixed: 0, each: this.#ms / this.#n };
  }
}
