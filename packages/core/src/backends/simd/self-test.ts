import { type Arguments, float, recordOf, writeArguments } from './arguments.ts';
import { CONTROL, KERNEL, type KernelExports, type KernelId, SCRATCH_BYTES } from './kernels.ts';
import * as FORWARD_UNIT from './slots/forward-unit.ts';

/**
 * Checks the compiled kernels against plain loops: a product with ragged edges, the elementary functions, a layer norm
 * and HSTU attention. `wide`: 256-bit registers are there; `library`: a native library multiplies.
 * Returns what differs, or undefined. Uses memory past the scratch block, before anything lives there.
 */
export function selfTest(
  kernels: KernelExports,
  memory: WebAssembly.Memory,
  wide: boolean,
  library = false,
): string | undefined {
  const scratch = CONTROL.address + CONTROL.bytes;
  const base = scratch + SCRATCH_BYTES;
  kernels.setup(wide);
  kernels.setScratch(scratch);
  const args = CONTROL.address + (CONTROL.ring + CONTROL.arguments) * 4;
  const words = new Int32Array(memory.buffer, args, 64);
  let next = base;
  const block = (length: number): Float32Array => {
    const view = new Float32Array(memory.buffer, next, length);
    next += Math.ceil(length / 16) * 64 + 4096;
    return view;
  };
  const fill = (view: Float32Array, scale: number, phase: number): Float32Array => {
    for (let i = 0; i < view.length; i++) view[i] = scale * Math.sin(1 + i * 1.7 + phase);
    return view;
  };
  const run = <K extends KernelId>(kernel: K, values: Arguments<K>): void => {
    writeArguments(words, 0, kernel, values);
    kernels.runSerial(kernel, args, 1);
  };

  // 13 x 37 by K = 19: every edge of the 6 x 8 and 6 x 16 tiles; B packed before, by the task, and by the library.
  const [m, n, k] = [13, 37, 19];
  const a = fill(block(m * k), 1, 0);
  const b = fill(block(k * n), 1, 3);
  const packed = block(40 * k);
  const c = block(m * n);
  run(KERNEL.packB, {
    B: b.byteOffset,
    PACKED: packed.byteOffset,
    N: n,
    K: k,
    ROW_BYTES: n * 4,
    TRANSPOSED: 0,
    BATCH_BYTES: 0,
    PACKED_BATCH_BYTES: 0,
    PANELS_PER_TASK: 5,
    TASKS_PER_BATCH: 1,
  });
  for (const source of library ? [0, 1, 4] : [0, 1]) {
    run(KERNEL.gemm, {
      A: a.byteOffset,
      B: source === 0 ? packed.byteOffset : b.byteOffset,
      C: c.byteOffset,
      M: m,
      N: n,
      K: k,
      A_ROW_BYTES: k * 4,
      A_TRANSPOSED: 0,
      A_BATCH_BYTES: 0,
      B_BATCH_BYTES: 0,
      C_BATCH_BYTES: 0,
      BLOCK_ROWS: 18,
      BLOCKS: 1,
      SLICE: k,
      SLICES: 1,
      SLICE_BYTES: 0,
      B_ROW_BYTES: n * 4,
      PACK_A: source & 1,
      BLOCK_COLUMNS: n,
      COLUMN_BLOCKS: 1,
      SOURCE: source,
      BIAS: 0,
      ACTIVATION: 0,
      ALPHA: float(0),
    });
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let p = 0; p < k; p++) sum += a[i * k + p] * b[p * n + j];
        if (differs(c[i * n + j], sum, 1e-4)) return `product at (${i}, ${j}) is ${c[i * n + j]}, expected ${sum}`;
      }
    }
  }

  const x = fill(block(75), 6, 1);
  const y = block(75);
  const functions: readonly [number, string, (v: number) => number][] = [
    [3, 'sigmoid', (v) => 1 / (1 + Math.exp(-v))],
    [4, 'tanh', Math.tanh],
    [5, 'exp', Math.exp],
    [10, 'silu', (v) => v / (1 + Math.exp(-v))],
  ];
  for (const [op, name, f] of functions) {
    run(KERNEL.unary, { OP: op, X: x.byteOffset, Y: y.byteOffset, N: 75, PER_TASK: 75, ALPHA: float(0) });
    for (let i = 0; i < 75; i++)
      if (differs(y[i], f(x[i]), 1e-5)) return `${name}(${x[i]}) is ${y[i]}, expected ${f(x[i])}`;
  }

  const rows = { X: x.byteOffset, Y: y.byteOffset, ROWS: 3, INNER: 25, PER_TASK: 3 };
  run(KERNEL.layerNorm, { ...rows, EPSILON: float(1e-6) });
  for (let r = 0; r < 3; r++) {
    const row = Array.from(x.subarray(r * 25, r * 25 + 25));
    const mean = row.reduce((s, v) => s + v, 0) / 25;
    const deviation = Math.sqrt(row.reduce((s, v) => s + (v - mean) ** 2, 0) / 25 + 1e-6);
    for (let i = 0; i < 25; i++) {
      const expected = (row[i] - mean) / deviation;
      if (differs(y[r * 25 + i], expected, 1e-4))
        return `layer norm at (${r}, ${i}) is ${y[r * 25 + i]}, expected ${expected}`;
    }
  }

  // One sequence of 11 tokens, two heads of width 5 (queries) and 3 (values), no bias.
  const [length, heads, width, valueWidth] = [11, 2, 5, 3];
  const q = fill(block(length * heads * width), 1, 2);
  const key = fill(block(length * heads * width), 1, 5);
  const v = fill(block(length * heads * valueWidth), 1, 7);
  const out = block(length * heads * valueWidth).fill(0);
  const unit = new Int32Array(memory.buffer, block(FORWARD_UNIT.SIZE).byteOffset, FORWARD_UNIT.SIZE);
  const [all, none] = [
    { QUERIES: length, LENGTH: length, HEADS: heads },
    { START: 0, FIRST: 0, KEPT: 0, ROW: 0 },
  ];
  unit.set(recordOf(FORWARD_UNIT, { ...all, ...none, HEAD: 0, SEQUENCE: 0 }));
  run(KERNEL.hstuForward, {
    Q: q.byteOffset,
    K: key.byteOffset,
    V: v.byteOffset,
    OUT: out.byteOffset,
    UNITS: unit.byteOffset,
    HEADS: heads,
    WIDTH: width,
    VALUE_WIDTH: valueWidth,
    SCALE: float(1),
    INVERSE: float(1 / length),
    BIAS: 0,
    TIME_WEIGHTS: 0,
    TIME_BUCKETS: 0,
    QUERY_TIMES: 0,
    KEY_TIMES: 0,
    CELLS: 0,
    CELL_SHIFT: 18,
    VISIBLE: 0,
    GLOBAL_KEYS: 0,
    KEY_ROWS: 0,
    SELF_K: 0,
    SELF_V: 0,
  });
  for (let h = 0; h < heads; h++) {
    for (let i = 0; i < length; i++) {
      for (let d = 0; d < valueWidth; d++) {
        let sum = 0;
        for (let j = 0; j <= i; j++) {
          let s = 0;
          for (let p = 0; p < width; p++) s += q[(i * heads + h) * width + p] * key[(j * heads + h) * width + p];
          sum += (s / (1 + Math.exp(-s)) / length) * v[(j * heads + h) * valueWidth + d];
        }
        const got = out[(i * heads + h) * valueWidth + d];
        if (differs(got, sum, 1e-4)) return `attention at (${i}, ${h}, ${d}) is ${got}, expected ${sum}`;
      }
    }
  }
  return undefined;
}

/** A NaN differs from everything. */
function differs(got: number, expected: number, tolerance: number): boolean {
  return !(Math.abs(got - expected) <= tolerance * Math.max(1, Math.abs(expected)));
}
