/** The best of what is offered, at most so many: of equal scores those that came first. */
export class BestFew<T> {
  private readonly most: number;
  private readonly scores: number[] = [];
  private readonly values: T[] = [];

  constructor(most: number) {
    this.most = most;
  }

  /** Whether something of this score would be kept. */
  takes(score: number): boolean {
    return this.scores.length < this.most || score > this.scores[this.most - 1];
  }

  add(score: number, value: T): void {
    if (!this.takes(score)) return;
    let at = this.scores.length;
    while (at > 0 && score > this.scores[at - 1]) at--;
    this.scores.splice(at, 0, score);
    this.values.splice(at, 0, value);
    if (this.scores.length <= this.most) return;
    this.scores.pop();
    this.values.pop();
  }

  /** Best first. */
  get all(): readonly T[] {
    return this.values;
  }
}
