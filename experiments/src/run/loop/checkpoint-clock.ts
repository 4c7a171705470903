/**
 * Says when the next checkpoint inside an epoch is due: after so many steps, or so many seconds, whichever comes first.
 */
export class CheckpointClock {
  readonly #everySteps: number;
  readonly #everySeconds: number;
  readonly #now: () => number;
  #lastStep = 0;
  #lastTime: number;

  constructor(
    options: { readonly everySteps?: number; readonly everySeconds?: number; readonly now?: () => number } = {},
  ) {
    this.#everySteps = options.everySteps ?? Number.POSITIVE_INFINITY;
    this.#everySeconds = options.everySeconds ?? 60;
    this.#now = options.now ?? (() => performance.now() / 1000);
    this.#lastTime = this.#now();
  }

  due(step: number): boolean {
    return step - this.#lastStep >= this.#everySteps || this.#now() - this.#lastTime >= this.#everySeconds;
  }

  saved(step: number): void {
    this.#lastStep = step;
    this.#lastTime = this.#now();
  }
}
