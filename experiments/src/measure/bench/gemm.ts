import * as tf from '@tensorflow/tfjs-core';
import { nativeProducts } from '../../run/open/native-products.ts';
import { type BackendOptions, startBackend } from '../../run/process/backend.ts';
import { figures, type Listing, lines } from '../../terminal/listing.ts';
import { backendLine } from '../backend-facts.ts';
import { type Blas, openBlas } from './blas.ts';
import type { GemmShape } from './gemm-shape.ts';
import { hasLibrary, withOwnKernels } from './own-kernels.ts';
import { median } from './statistics.ts';
import { turn } from './turn.ts';

/** OpenBLAS's kernels of 256-bit vectors. */
const NARROW = 'Haswell';

/** Products of training: square, tall and thin forward, its two gradients, batched. */
export const GEMM_SHAPES: readonly GemmShape[] = [
  ...[64, 128, 256, 512, 1024, 2048].map((side) => ({ batch: 1, m: side, k: side, n: side, what: 'square' })),
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
  /** Of our kernels alone, where a native library makes products for us. */
  readonly own?: number;
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
  const native = nativeProducts(choice);
  const told = native?.version.startsWith('OpenBLAS') ? native.core : undefined;
  const found = request.peer ? await peers(threads, told, native !== undefined) : [];
  const usable = found.filter((blas): blas is Blas => !('missing' in blas));
  const rows: GemmRow[] = [];
  for (const shape of GEMM_SHAPES) rows.push(await measure(shape, request.rounds, usable));
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

async function measure(shape: GemmShape, rounds: number, blas: readonly Blas[]): Promise<GemmRow> {
  const { batch, m, k, n, transposeA = false, transposeB = false } = shape;
  const lead = batch === 1 ? [] : [batch];
  const fill = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(i));
  const left = fill(batch * m * k);
  const right = fill(batch * k * n);
  const a = tf.tensor(left, [...lead, ...(transposeA ? [k, m] : [m, k])]);
  const b = tf.tensor(right, [...lead, ...(transposeB ? [n, k] : [k, n])]);
  const out = new Float32Array(batch * m * n);
  const ours = (): void => tf.matMul(a, b, transposeA, transposeB).dispose();
  const theirs = blas.map((one) => (): void => one.multiply(shape, left, right, out));
  const flops = 2 * batch * m * k * n;
  const alone = hasLibrary();
  const [rates, own]: [number[], number[]] = [[], []];
  const peerRates: number[][] = theirs.map(() => []);
  for (let round = 0; round < rounds; round++) {
    turn(ours, flops, rates);
    if (alone) await withOwnKernels(() => turn(ours, flops, own));
    for (const [i, call] of theirs.entries()) turn(call, flops, peerRates[i]);
  }
  tf.dispose([a, b]);
  return { shape, seqrec: median(rates), ...(alone && { own: median(own) }), openblas: peerRates.map(median) };
}

export function listGemmBench(bench: GemmBench): Listing {
  const hasOwn = bench.rows.some(({ own }) => own !== undefined);
  const rows = bench.rows.map(({ shape, seqrec, own, openblas }) => {
    const { batch, m, k, n, transposeA, transposeB } = shape;
    const size = `${batch === 1 ? '' : `${batch} x `}${m} x ${k} x ${n}`;
    const layout = `${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'}`;
    const peer = openblas.flatMap((rate) => [rate.toFixed(1), `${((100 * seqrec) / rate).toFixed(0)} %`]);
    const alone = own === undefined ? [] : [own.toFixed(1), (seqrec / own).toFixed(2)];
    return [size, layout, seqrec.toFixed(1), ...alone, ...peer, shape.what];
  });
  const peerTitles = bench.peers.flatMap((core) => [`OpenBLAS ${core}`, 'share']);
  const aloneTitles = hasOwn ? ['own kernels', 'ratio'] : [];
  const titles = ['M x K x N', 'op', 'seqrec GFLOP/s', ...aloneTitles, ...peerTitles, 'what'];
  return [
    ...lines(
      `backend ${backendLine(bench.backend, bench.details)}; medians, contestants in turn`,
      hasOwn && 'own kernels: ours alone, as with --blas off, in the same turns; ratio: seqrec over them',
      bench.library !== undefined && `share: ours over that of OpenBLAS (${bench.library}) with the kernels named`,
    ),
    figures(titles, rows, { left: [0, 1, titles.length - 1] }),
    ...lines(bench.missing !== undefined && `OpenBLAS: ${bench.missing}`),
  ];
}
