/** What may go on: prefixes or texts that are one longer, in columns that grow. */
export class Candidates {
  count = 0;
  score = new Float64Array(1024);
  node = new Int32Array(1024);
  parent = new Int32Array(1024);

  add(score: number, node: number, parent: number): void {
    if (this.count === this.score.length) this.grow();
    this.score[this.count] = score;
    this.node[this.count] = node;
    this.parent[this.count++] = parent;
  }

  private grow(): void {
    const { score, node, parent } = this;
    this.score = new Float64Array(2 * score.length);
    this.node = new Int32Array(2 * score.length);
    this.parent = new Int32Array(2 * score.length);
    this.score.set(score);
    this.node.set(node);
    this.parent.set(parent);
  }

  /** Places of the `width` best scores, best first; of equal ones the lower node first. */
  best(width: number): Int32Array {
    const { score, node, count } = this;
    let order = Int32Array.from({ length: count }, (_, i) => i);
    if (count > width) {
      // Who is below the last that is kept need not be put in order.
      const least = score.slice(0, count).sort()[count - width];
      order = order.filter((i) => score[i] >= least);
    }
    order.sort((a, b) => score[b] - score[a] || node[a] - node[b]);
    return order.length > width ? order.subarray(0, width) : order;
  }
}
