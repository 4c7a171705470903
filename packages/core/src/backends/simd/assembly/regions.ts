// Regions of a task's scratch memory, one after the other. In the guarded build, which tests run, each begins as
// NaN and is followed by words that nobody may write: they are looked at when the task ends. In the builds that
// ship a region's end is a sum.
import { scratch } from './env';

/** The guarded build alone is compiled with assertions. */
const GUARDED: bool = !ASC_NO_ASSERT;

/** Bytes between two regions. */
export const GUARD: usize = GUARDED ? 256 : 0;
const WORD: u32 = 0x5eed6a2d;

/**
 * Scratch memory of a thread, as in `kernels.ts`; in the guarded build its end holds the addresses of the
 * guards, their number first.
 */
const SCRATCH_BYTES: usize = 6 * 1024 * 1024;
const LIST: usize = SCRATCH_BYTES - 16 * 1024;
const LIST_ENTRIES: u32 = 4000;

/** Where the region after one of `bytes` at `at` begins. Of the last one, what it returns is the end. */
// @ts-ignore: decorator
@inline
export function after(at: usize, bytes: usize): usize {
  if (GUARDED) guard(at, bytes);
  return at + bytes + GUARD;
}

/** Forgets the guards of a task that trapped. */
// @ts-ignore: decorator
@inline
export function openRegions(): void {
  if (GUARDED) store<u32>(scratch + LIST, 0);
}

/** Traps where a guard was written. */
// @ts-ignore: decorator
@inline
export function closeRegions(): void {
  if (GUARDED) lookAtGuards();
}

function guard(at: usize, bytes: usize): void {
  assert(at >= scratch && at + bytes + GUARD <= scratch + LIST);
  memory.fill(at, 0xff, bytes);
  for (let i: usize = 0; i < GUARD; i += 4) store<u32>(at + bytes + i, WORD);
  if (load<u32>(scratch + LIST) == LIST_ENTRIES) lookAtGuards();
  const count = load<u32>(scratch + LIST) + 1;
  store<u32>(scratch + LIST, count);
  store<u32>(scratch + LIST + (<usize>count << 2), <u32>(at + bytes));
}

function lookAtGuards(): void {
  const list = scratch + LIST;
  for (let g: usize = 1; g <= <usize>load<u32>(list); g++) {
    const from = <usize>load<u32>(list + (g << 2));
    for (let i: usize = 0; i < GUARD; i += 4) assert(load<u32>(from + i) == WORD);
  }
  store<u32>(list, 0);
}
