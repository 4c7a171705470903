import { CONTROL, KERNEL, type KernelExports, type KernelId, SCRATCH_BYTES } from './kernels.ts';

/**
 * Checks the compiled kernels against plain loops: a product with ragged edges, the elementary functions, a layer norm
 * and HSTU attention. `wide`: 256-bit registers are there. Returns what differs, or undefined. Uses memory past the
 * scratch block, before anything lives there.
 */
export function selfTest(kernels: KernelExports, memory: WebAssembly.Memory, wide: boolean): string | undefined {
  const scratch = CONTROL.address + CONTROL.bytes;
  const base = scratch + SCRATCH_BYTES;
  kernels.setup(wide);
  kernels.setScratch(scratch);
  const args = CONTROL.address + (CONTROL.ring + CONTROL.arguments) * 4;
  const ints = new Int32Array(memory.buffer, args, 64);
  const floats = new Float32Array(memory.buffer, args, 64);
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
  const run = (kernel: KernelId, tasks: number, values: readonly number[], at: Record<number, number> = {}): void => {
    values.forEach((value, i) => {
      ints[i] = value;
    });
    for (const slot of Object.keys(at)) floats[Number(slot)] = at[Number(slot)];
    kernels.runSerial(kernel, args, tasks);
  };

  // 13 x 37 by K = 19: every edge of the 6 x 8 and 6 x 16 tiles; B packed before, and by the task.
  const [m, n, k] = [13, 37, 19];
  const a = fill(block(m * k), 1, 0);
  const b = fill(block(k * n), 1, 3);
  const packed = block(40 * k);
  const c = block(m * n);
  run(KERNEL.packB, 1, [b.byteOffset, packed.byteOffset, n, k, n * 4, 0, 0, 0, 5, 1]);
  for (const source of [0, 1]) {
    const from = source === 0 ? packed.byteOffset : b.byteOffset;
    const sizes = [m, n, k, k * 4, 0, 0, 0, 0];
    run(KERNEL.gemm, 1, [a.byteOffset, from, c.byteOffset, ...sizes, 18, 1, k, 1, 0, n * 4, source, n, 1, source]);
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
    run(KERNEL.unary, 1, [op, x.byteOffset, y.byteOffset, 75, 75, 0]);
    for (let i = 0; i < 75; i++)
      if (differs(y[i], f(x[i]), 1e-5)) return `${name}(${x[i]}) is ${y[i]}, expected ${f(x[i])}`;
  }

  run(KERNEL.layerNorm, 1, [x.byteOffset, y.byteOffset, 3, 25, 3, 0], { 5: 1e-6 });
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
  const unit = new Int32Array(memory.buffer, block(4).byteOffset, 4);
  unit.set([0, 0, length, -1]);
  const pointers = [q.byteOffset, key.byteOffset, v.byteOffset, out.byteOffset, unit.byteOffset];
  run(
    KERNEL.hstuForward,
    1,
    [...pointers, heads, width, valueWidth, 0, 0, 0, length, 0, 0, 0, 0, 0, 18, ...Array(9).fill(0)],
    {
      8: 1,
      9: 1 / length,
    },
  );
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
