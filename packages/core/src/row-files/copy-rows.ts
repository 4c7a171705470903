import { readSync, writeSync } from 'node:fs';
import { placesOf } from './header.ts';
import { moveBytes } from './move-bytes.ts';
import type { RowSpace } from './row-mover.ts';

/** One call moves about this many bytes. */
const CALL_BYTES = 2 ** 20;
/** Holes shorter than this are copied along. */
const GAP_BYTES = 4096;

/** Copies the rows that a file has into another one, at the same places; what was never written stays a hole. */
export function copyRows({ fd, layout, present }: RowSpace, to: number): void {
  const { stride, recordsAt } = placesOf(layout);
  const bits = new Uint32Array(present);
  const recordBytes = 4 * stride;
  const most = Math.max(1, Math.floor(CALL_BYTES / recordBytes));
  const gap = Math.floor(GAP_BYTES / recordBytes);
  const buffer = new Uint8Array(most * recordBytes);
  let [first, last] = [-1, -1];

  function copyRun(): void {
    if (first < 0) return;
    const length = (last - first + 1) * recordBytes;
    const position = recordsAt + first * recordBytes;
    moveBytes(readSync, fd, buffer, length, position);
    moveBytes(writeSync, to, buffer, length, position);
    first = -1;
  }

  for (let word = 0; word < bits.length; word++) {
    for (let left = bits[word]; left !== 0; left &= left - 1) {
      const row = word * 32 + 31 - Math.clz32(left & -left);
      if (first >= 0 && (row - last > gap || row - first >= most)) copyRun();
      if (first < 0) first = row;
      last = row;
    }
  }
  copyRun();
}
