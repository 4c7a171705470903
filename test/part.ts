import { it } from 'vitest';

/** `test:full`: the project `slow` of vitest runs the files that import this once more, with all their cases. */
export const isFull = process.env.SEQREC_FULL === '1';

/** In `test` every `of`-th case, from the first on; in `test:full` all. Where kinds are many and ways are few. */
export function part<T>(cases: readonly T[], of: number): T[] {
  return isFull ? [...cases] : cases.filter((_, i) => i % of === 0);
}

/** Problems to draw: in `test` an `of`-th of them. */
export function partOf(count: number, of: number): number {
  return isFull ? count : Math.ceil(count / of);
}

/** A test of `test:full` alone: a long one, beside shorter ones of what it tests. */
export const itInFull: (name: string, test: () => unknown, timeout?: number) => void = isFull ? it : () => {};
