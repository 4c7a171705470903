import type { Move } from './row-mover.ts';

/** A {@link Move} that grows. */
export class MoveList {
  #rows = new Int32Array(3 * 64);
  #length = 0;
  #hasLeaving = false;

  get length(): number {
    return this.#length;
  }

  /** Whether a row goes to the file. */
  get hasLeaving(): boolean {
    return this.#hasLeaving;
  }

  /** A slot, the row that leaves it for the file and the row that comes into it; -1 is none. Both -1 is no move. */
  add(slot: number, leaving: number, coming: number): void {
    if (leaving < 0 && coming < 0) return;
    if (3 * this.#length === this.#rows.length) {
      const grown = new Int32Array(2 * this.#rows.length);
      grown.set(this.#rows);
      this.#rows = grown;
    }
    this.#rows.set([slot, leaving, coming], 3 * this.#length++);
    this.#hasLeaving ||= leaving >= 0;
  }

  finish(): Move {
    const column = (c: number): Int32Array => {
      const out = new Int32Array(this.#length);
      for (let i = 0; i < out.length; i++) out[i] = this.#rows[3 * i + c];
      return out;
    };
    return { slots: column(0), leaving: column(1), coming: column(2) };
  }
}
