import { type Arguments, float, writeArguments } from '../arguments.ts';
import { SOURCE } from '../kernels/product-source.ts';
import { CONTROL, KERNEL, type KernelExports, type KernelId, SCRATCH_BYTES } from '../kernels.ts';

/** Sides at which the kernels and the library are compared. */
export const SIDES = [32, 64, 128, 256] as const;
/** Rows of the products: those of a few tasks. */
const ROWS = 384;
/** Rounds, of which the best counts: another program may have the processor for a while. */
const ROUNDS = 9;
/** Multiply-adds of a turn at least: shorter ones say more of the clock than of the product. */
const TURN = 3e6;

/** GFLOP/s of products [384, side] by [side, side] on one thread. */
export interface Rates {
  readonly side: number;
  readonly ours: number;
  readonly library: number;
}

/** Runs a product of a side; tests pass their own clock and products. */
export interface Contestants {
  ours(side: number): void;
  library(side: number): void;
  now(): number;
}

/** The rates at every side, in turn, the best of some rounds. */
export function measureRates({ ours, library, now }: Contestants): Rates[] {
  return SIDES.map((side) => {
    const flops = 2 * ROWS * side * side;
    const repeats = Math.ceil((2 * TURN) / flops);
    const turn = (multiply: (side: number) => void): number => {
      const begin = now();
      for (let i = 0; i < repeats; i++) multiply(side);
      return (flops * repeats) / Math.max(1e-6, now() - begin) / 1e6;
    };
    const rates = { side, ours: 0, library: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      rates.ours = Math.max(rates.ours, turn(ours));
      rates.library = Math.max(rates.library, turn(library));
    }
    return rates;
  });
}

/** So much faster the library must be: what is measured in a moment on a busy machine is not exact. */
const WORTH = 1.25;

/** The least side from which on the library pays, at that side and at all that are larger; Infinity: nowhere. */
export function threshold(rates: readonly Rates[]): number {
  const slow = rates.findLastIndex(({ ours, library }) => library < WORTH * ours);
  return rates[slow + 1]?.side ?? Number.POSITIVE_INFINITY;
}

/** Products of the compiled kernels and of the library in memory past the scratch block, before the heap has it. */
export function contestantsOn(kernels: KernelExports, memory: WebAssembly.Memory): Contestants {
  const largest = SIDES[SIDES.length - 1];
  const scratch = CONTROL.address + CONTROL.bytes;
  const args = CONTROL.address + (CONTROL.ring + CONTROL.arguments) * 4;
  const words = new Int32Array(memory.buffer, args, 64);
  const a = scratch + SCRATCH_BYTES;
  const b = a + ROWS * largest * 4;
  const packed = b + largest * largest * 4;
  const c = packed + largest * largest * 4;
  const values = new Float32Array(memory.buffer, a, ROWS * largest + largest * largest);
  for (let i = 0; i < values.length; i++) values[i] = Math.sin(i);
  kernels.setScratch(scratch);
  const run = <K extends KernelId>(kernel: K, tasks: number, slots: Arguments<K>): void => {
    writeArguments(words, 0, kernel, slots);
    kernels.runSerial(kernel, args, tasks);
  };
  const product = (side: number, how: { B: number; SOURCE: number; BLOCK_ROWS: number }): void => {
    const blocks = ROWS / how.BLOCK_ROWS;
    const [whole, none] = [
      { M: ROWS, N: side, K: side },
      { BIAS: 0, ACTIVATION: 0, ALPHA: float(0) },
    ];
    const batches = { A_BATCH_BYTES: 0, B_BATCH_BYTES: 0, C_BATCH_BYTES: 0 };
    const cut = { BLOCKS: blocks, SLICE: side, SLICES: 1, SLICE_BYTES: 0, BLOCK_COLUMNS: side, COLUMN_BLOCKS: 1 };
    const lie = { A_ROW_BYTES: side * 4, A_TRANSPOSED: 0, B_ROW_BYTES: side * 4, PACK_A: +(side >= 256) };
    run(KERNEL.gemm, blocks, { A: a, C: c, ...whole, ...none, ...batches, ...cut, ...lie, ...how });
  };
  return {
    ours(side) {
      const lie = { ROW_BYTES: side * 4, TRANSPOSED: 0, BATCH_BYTES: 0, PACKED_BATCH_BYTES: 0 };
      run(KERNEL.packB, 1, {
        B: b,
        PACKED: packed,
        N: side,
        K: side,
        ...lie,
        PANELS_PER_TASK: side / 8,
        TASKS_PER_BATCH: 1,
      });
      product(side, { B: packed, SOURCE: SOURCE.packed, BLOCK_ROWS: 96 });
    },
    library: (side) => product(side, { B: b, SOURCE: SOURCE.native, BLOCK_ROWS: ROWS }),
    now: () => performance.now(),
  };
}
