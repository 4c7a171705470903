import type { Place } from './transport.ts';

/**
 * Memory for what ranks send, used again by every exchange that is given it: pages that the system has just given cost
 * several times the copy. What an exchange has put there stands until the next one.
 */
export class ReceiveBuffers {
  readonly #byRank: (Uint8Array | undefined)[] = [];

  readonly place: Place = (from, bytes) => {
    let buffer = this.#byRank[from];
    if (buffer === undefined || buffer.byteLength < bytes) {
      // Somewhat more than is needed: jagged batches differ from step to step.
      buffer = new Uint8Array(Math.ceil(1.25 * bytes));
      this.#byRank[from] = buffer;
    }
    return buffer.subarray(0, bytes);
  };
}
