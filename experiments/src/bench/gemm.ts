import * as tf from '@tensorflow/tfjs-core';
import { renderTable } from '../terminal/table.ts';
import { type BackendOptions, startBackend } from '../training/backend.ts';
import { type Blas, openBlas } from './blas.ts';
import { median } from './statistics.ts';

/** `op(A) [m, k] op(B) [k, n]`, `batch` of them. */
export interface GemmShape {
  readonly batch: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly what: string;
}

/** Products of training: square, tall and thin forward, its two gradients, batched. */
export const GEMM_SHAPES: readonly GemmShape[] = [
  { batch: 1, m: 1024, k: 1024, n: 1024, what: 'square' },
  { batch: 1, m: 12928, k: 50, n: 200, what: 'HSTU projection, ML-1M' },
  { batch: 1, m: 12928, k: 200, n: 50, transposeB: true, what: 'gradient of its input' },
  { batch: 1, m: 50, k: 12928, n: 200, transposeA: true, what: 'gradient of its weight' },
  { batch: 1, m: 12928, k: 256, n: 1024, what: 'HSTU projection, ML-20M' },
  { batch: 1, m: 256, k: 12928, n: 1024, transposeA: true, what: 'gradient of its weight' },
  { batch: 64, m: 200, k: 64, n: 200, transposeB: true, what: 'scores of 64 heads' },
  { batch: 1, m: 128, k: 50, n: 3883, transposeB: true, what: 'scores of all ML-1M items' },
];

export interface GemmRow {
  readonly shape: GemmShape;
  /** Median GFLOP/s. */
  readonly seqrec: number;
  readonly openblas?: number;
}

export interface GemmBench {
  readonly backend: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly rows: readonly GemmRow[];
  readonly missing?: string;
}

/** Times each product in turn on our backend and, with `peer`, on OpenBLAS. */
export async function benchGemm(request: {
  readonly backend: BackendOptions;
  readonly rounds: number;
  readonly peer: boolean;
}): Promise<GemmBench> {
  const choice = await startBackend(request.backend);
  const threads = Number((choice.details as { threads?: number }).threads ?? 1);
  const blas = request.peer ? await openBlas(threads) : undefined;
  const usable = blas !== undefined && !('missing' in blas) ? blas : undefined;
  const rows = GEMM_SHAPES.map((shape) => measure(shape, request.rounds, usable));
  const missing = blas !== undefined && 'missing' in blas ? blas.missing : undefined;
  return { backend: choice.name, details: choice.details, rows, missing };
}

function measure(shape: GemmShape, rounds: number, blas: Blas | undefined): GemmRow {
  const { batch, m, k, n, transposeA = false, transposeB = false } = shape;
  const lead = batch === 1 ? [] : [batch];
  const fill = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(i));
  const left = fill(batch * m * k);
  const right = fill(batch * k * n);
  const a = tf.tensor(left, [...lead, ...(transposeA ? [k, m] : [m, k])]);
  const b = tf.tensor(right, [...lead, ...(transposeB ? [n, k] : [k, n])]);
  const out = new Float32Array(batch * m * n);
  const flops = 2 * batch * m * k * n;
  const own = (): void => tf.matMul(a, b, transposeA, transposeB).dispose();
  const other = (): void => blas?.multiply(shape, left, right, out);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    turn(own, flops, ours);
    if (blas) turn(other, flops, theirs);
  }
  tf.dispose([a, b]);
  return { shape, seqrec: median(ours), openblas: blas ? median(theirs) : undefined };
}

const REPEATS = 3;
/** Threads of the contestant before may spin for a while after their last call. */
const pause = new Int32Array(new SharedArrayBuffer(4));

/** One contestant's turn: a pause, a call to warm up, then a few timed ones, as GFLOP/s. */
function turn(f: () => void, flops: number, into: number[]): void {
  Atomics.wait(pause, 0, 0, 100);
  f();
  for (let i = 0; i < REPEATS; i++) {
    const begin = performance.now();
    f();
    into.push(flops / (performance.now() - begin) / 1e6);
  }
}

export function renderGemmBench(bench: GemmBench): string {
  const rows = bench.rows.map(({ shape, seqrec, openblas }) => {
    const { batch, m, k, n, transposeA, transposeB } = shape;
    const size = `${batch === 1 ? '' : `${batch} x `}${m} x ${k} x ${n}`;
    const layout = `${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'}`;
    const peer =
      openblas === undefined ? ['-', '-'] : [openblas.toFixed(1), `${((100 * seqrec) / openblas).toFixed(0)} %`];
    return [size, layout, seqrec.toFixed(1), ...peer, shape.what];
  });
  const titles = ['M x K x N', 'op', 'seqrec GFLOP/s', 'OpenBLAS', 'share', 'what'];
  const table = renderTable(
    titles.map((title, i) => ({ title, align: i > 1 && i < 5 ? ('right' as const) : ('left' as const) })),
    rows,
  );
  const head = `backend ${bench.backend} ${JSON.stringify(bench.details)}; medians, contestants in turn`;
  return [head, '', table, ...(bench.missing === undefined ? [] : [`OpenBLAS: ${bench.missing}`])].join('\n');
}
