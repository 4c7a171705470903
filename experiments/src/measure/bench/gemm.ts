import * as tf from '@tensorflow/tfjs-core';
import { nativeProducts } from '../../run/open/native-products.ts';
import { type BackendOptions, startBackend } from '../../run/process/backend.ts';
import { figures, type Listing, lines } from '../../terminal/listing.ts';
import { type Blas, openBlas } from './blas.ts';
import type { GemmShape } from './gemm-shape.ts';
import { median } from './statistics.ts';
import { turn } from './turn.ts';

/** OpenBLAS's kernels of 256-bit vectors. */
const NARROW = 'Haswell';

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

/** Median GFLOP/s of each contestant. */
export interface GemmRow {
  readonly shape: GemmShape;
  readonly seqrec: number;
  /** In the order of `peers`. */
  readonly openblas: readonly number[];
}

export interface GemmBench {
  readonly backend: string;
  readonly details: Readonly<Record<string, unknown>>;
  /**
   * Kernels that OpenBLAS took: the best for this processor; on x86 also those of 256-bit vectors, as
   * wide as WebAssembly's get.
   */
  readonly peers: readonly string[];
  /** Version and build of OpenBLAS. */
  readonly library?: string;
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
  // Our own products may be those of the library: with the kernels that it was told to take, and one thread a task.
  const native = nativeProducts(choice) !== undefined;
  const told = native ? process.env.OPENBLAS_CORETYPE : undefined;
  const found = request.peer ? await peers(threads, told, native) : [];
  const usable = found.filter((blas): blas is Blas => !('missing' in blas));
  const rows = GEMM_SHAPES.map((shape) => measure(shape, request.rounds, usable));
  const missing = found.find((blas) => 'missing' in blas)?.missing;
  const library = usable[0]?.version;
  const cores = usable.map(({ core }) => core);
  return { backend: choice.name, details: choice.details, peers: cores, library, rows, missing };
}

async function peers(
  threads: number,
  told: string | undefined,
  again: boolean,
): Promise<(Blas | { readonly missing: string })[]> {
  const best = await openBlas(threads, { core: told, again });
  if ('missing' in best || process.arch !== 'x64' || best.core === NARROW) return [best];
  return [best, await openBlas(threads, { core: NARROW, again: true })];
}

function measure(shape: GemmShape, rounds: number, blas: readonly Blas[]): GemmRow {
  const { batch, m, k, n, transposeA = false, transposeB = false } = shape;
  const lead = batch === 1 ? [] : [batch];
  const fill = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(i));
  const left = fill(batch * m * k);
  const right = fill(batch * k * n);
  const a = tf.tensor(left, [...lead, ...(transposeA ? [k, m] : [m, k])]);
  const b = tf.tensor(right, [...lead, ...(transposeB ? [n, k] : [k, n])]);
  const out = new Float32Array(batch * m * n);
  const contestants = [
    (): void => tf.matMul(a, b, transposeA, transposeB).dispose(),
    ...blas.map((one) => (): void => one.multiply(shape, left, right, out)),
  ];
  const rates: number[][] = contestants.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, call] of contestants.entries()) turn(call, 2 * batch * m * k * n, rates[i]);
  }
  tf.dispose([a, b]);
  const [seqrec, ...openblas] = rates.map(median);
  return { shape, seqrec, openblas };
}

export function listGemmBench(bench: GemmBench): Listing {
  const rows = bench.rows.map(({ shape, seqrec, openblas }) => {
    const { batch, m, k, n, transposeA, transposeB } = shape;
    const size = `${batch === 1 ? '' : `${batch} x `}${m} x ${k} x ${n}`;
    const layout = `${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'}`;
    const peer = openblas.flatMap((rate) => [rate.toFixed(1), `${((100 * seqrec) / rate).toFixed(0)} %`]);
    return [size, layout, seqrec.toFixed(1), ...peer, shape.what];
  });
  const peerTitles = bench.peers.flatMap((core) => [`OpenBLAS ${core}`, 'share']);
  const titles = ['M x K x N', 'op', 'seqrec GFLOP/s', ...peerTitles, 'what'];
  return [
    ...lines(
      `backend ${bench.backend} ${JSON.stringify(bench.details)}; medians, contestants in turn`,
      bench.library !== undefined && `share: ours over that of OpenBLAS (${bench.library}) with the kernels named`,
    ),
    figures(titles, rows, { left: [0, 1, titles.length - 1] }),
    ...lines(bench.missing !== undefined && `OpenBLAS: ${bench.missing}`),
  ];
}
