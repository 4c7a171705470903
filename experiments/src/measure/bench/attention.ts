import { finishKernels } from '@seqrec/core';
import { SimdBackend } from '@seqrec/core/simd';
import * as tf from '@tensorflow/tfjs-core';
import { type BackendOptions, startBackend } from '../../run/process/backend.ts';
import { formatBytes } from '../../terminal/format.ts';
import { figures, type Listing, lines } from '../../terminal/listing.ts';
import { Progress } from '../../terminal/progress.ts';
import { backendLine } from '../backend-facts.ts';
import { openPeer, PEER_LENGTH, type PeerTimes } from './attention-peer.ts';
import {
  ATTENTIONS,
  type AttentionPoint,
  type AttentionSubject,
  attentionSubject,
  attentionWork,
} from './attention-problem.ts';
import { ownProduct } from './own-product.ts';
import { median } from './statistics.ts';
import { turn } from './turn.ts';

const LENGTHS = [200, 512, 2048, 8192];
const WIDTHS = [32, 50, 64, 128];
/** A batch of ML-1M has about as many: 64 sequences of 200, 6 of 2048, one of 8192. */
const TOKENS = 12_800;
const MEMORY_LENGTHS = [1024, 4096, 16_384, 65_536];
const MEMORY_WIDTH = 64;

/** GFLOP/s of one direction. */
export interface Rate {
  readonly median: number;
  /** Median over the median of our own matrix product in the turns before these. */
  readonly share: number;
  readonly best: number;
  /** Best over the best of our own matrix product in the run. */
  readonly bestShare: number;
  /** The fastest PyTorch variant, where measured. */
  readonly peer?: PeerTimes;
  /** Seconds of the peer over ours, medians. */
  readonly ratio?: number;
}

export interface AttentionRow {
  readonly point: AttentionPoint;
  readonly forward: Rate;
  readonly backward: Rate;
  /**
   * Most bytes in the heap during forward and backward, inputs and outputs included; undefined off the simd backend.
   */
  readonly peakBytes?: number;
}

export interface AttentionBench {
  readonly backend: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** Best GFLOP/s of our own 1024 x 1024 x 1024 product, measured in turn. */
  readonly gemm: number;
  readonly rounds: number;
  readonly rows: readonly AttentionRow[];
  /** Version of PyTorch and its BLAS, where it was measured. */
  readonly torch?: string;
  readonly missing?: string;
}

interface Request {
  readonly backend: BackendOptions;
  readonly rounds: number;
  readonly peer: boolean;
  readonly quiet: boolean;
  /** Only these; all by default. */
  readonly lengths?: readonly number[];
  readonly widths?: readonly number[];
}

/**
 * Times forward and backward of each attention, length and head width, in turn with our own matrix product and, with
 * `peer`, with PyTorch at 2,048 tokens. Every round visits every point, so that a drift of the machine meets all alike.
 */
export async function benchAttention(request: Request): Promise<AttentionBench> {
  const { rounds, lengths = LENGTHS, widths = WIDTHS } = request;
  const choice = await startBackend(request.backend);
  const threads = Number((choice.details as { threads?: number }).threads ?? 1);
  const points = lengths.flatMap((length) =>
    ATTENTIONS.flatMap((kind) =>
      widths.map((width) => ({ kind, length, width, sequences: Math.max(1, Math.floor(TOKENS / length)) })),
    ),
  );
  const peer = request.peer ? openPeer(threads) : undefined;
  const progress = new Progress({ quiet: request.quiet });
  const rates = points.map(() => ({
    forward: [] as number[],
    backward: [] as number[],
    peak: 0,
    product: [] as number[],
  }));
  progress.start();
  for (let round = 0; round < rounds; round++) {
    points.forEach((point, i) => {
      progress.update({ label: `round ${round + 1}/${rounds}`, done: i, total: points.length });
      ownProduct(rates[i].product);
      measure(point, rates[i]);
    });
    peer?.round(points.filter(({ length }) => length === PEER_LENGTH));
  }
  progress.clear();
  const peak = Math.max(...rates.flatMap(({ product }) => product));
  const rows = points.map((point, i): AttentionRow => {
    const work = attentionWork(point);
    const rate = (direction: 'forward' | 'backward'): Rate => {
      const middle = median(rates[i][direction]);
      const best = Math.max(...rates[i][direction]);
      const other = peer?.best(point, direction);
      return {
        median: middle,
        share: middle / median(rates[i].product),
        best,
        bestShare: best / peak,
        peer: other,
        ratio: other && (median(other.seconds) * middle * 1e9) / work[direction],
      };
    };
    const peakBytes = rates[i].peak || undefined;
    return { point, forward: rate('forward'), backward: rate('backward'), peakBytes };
  });
  const { missing, torch } = peer ?? {};
  return { backend: choice.name, details: choice.details, gemm: peak, rounds, rows, torch, missing };
}

function measure(point: AttentionPoint, into: { forward: number[]; backward: number[]; peak: number }): void {
  const subject = attentionSubject(point);
  into.peak = peakBytes(subject);
  const work = attentionWork(point);
  turn(subject.forward, work.forward, into.forward);
  turn(subject.backward, work.backward, into.backward);
  subject.dispose();
}

function peakBytes(subject: AttentionSubject): number {
  const backend = tf.backend();
  if (!(backend instanceof SimdBackend)) return 0;
  backend.heap.resetPeak();
  subject.forward();
  subject.backward();
  return backend.heap.peak;
}

export interface AttentionMemory {
  readonly rows: readonly { readonly point: AttentionPoint; readonly peakBytes: number; readonly seconds: number }[];
}

/** Peak heap of forward and backward of one sequence with bias, up to 65,536 tokens. */
export async function attentionMemory(request: { readonly backend: BackendOptions }): Promise<AttentionMemory> {
  await startBackend({ backend: 'simd', ...request.backend });
  const rows = ATTENTIONS.flatMap((kind) =>
    MEMORY_LENGTHS.map((length) => {
      const point = { kind, length, width: MEMORY_WIDTH, sequences: 1 };
      const subject = attentionSubject(point);
      const begin = performance.now();
      const peak = peakBytes(subject);
      finishKernels();
      const seconds = (performance.now() - begin) / 1000;
      subject.dispose();
      return { point, peakBytes: peak, seconds };
    }),
  );
  return { rows };
}

export function listAttentionMemory({ rows }: AttentionMemory): Listing {
  const cells = rows.map(({ point, peakBytes, seconds }) => [
    point.kind,
    String(point.length),
    formatBytes(peakBytes),
    (peakBytes / point.length).toFixed(0),
    seconds.toFixed(2),
  ]);
  const titles = ['attention', 'N', 'peak heap', 'bytes a token', 'seconds'];
  return [
    ...lines(`one sequence, one head of ${MEMORY_WIDTH}; inputs, outputs and gradients included; forward and backward`),
    figures(titles, cells),
  ];
}

export function listAttentionBench(bench: AttentionBench): Listing {
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  const compared = bench.rows.some(({ forward }) => forward.peer);
  const rows = bench.rows.map(({ point, forward, backward, peakBytes }) => {
    const direction = ({ median, share, best, bestShare, ratio, peer }: Rate): string[] => [
      median.toFixed(1),
      percent(share),
      best.toFixed(1),
      percent(bestShare),
      ...(compared ? [ratio === undefined ? '-' : `${ratio.toFixed(1)}x ${peer?.variant}`] : []),
    ];
    const size = peakBytes === undefined ? '-' : formatBytes(peakBytes);
    return [
      point.kind,
      `${point.sequences} x ${point.length}`,
      String(point.width),
      ...direction(forward),
      ...direction(backward),
      size,
    ];
  });
  const peer = compared ? ['torch'] : [];
  const titles = [
    ...['attention', 'B x N', 'A'],
    ...['forward', 'share', 'best', 'share', ...peer],
    ...['backward', 'share', 'best', 'share', ...peer],
    'peak heap',
  ];
  return [
    ...lines(
      `backend ${backendLine(bench.backend, bench.details)}; one head; ${bench.rounds} rounds, all points in turn`,
      `useful GFLOP/s, median and best: 4 A a pair forward, 2.5 times that backward, the causal half only`,
      `share: of our own 1024 x 1024 x 1024 product; the median of its median in the turns before, the best of its best, ${bench.gemm.toFixed(1)} GFLOP/s`,
      compared && `torch: seconds of the fastest PyTorch variant (${bench.torch}) over ours, medians`,
    ),
    figures(titles, rows),
    ...lines(bench.missing !== undefined && `PyTorch: ${bench.missing}`),
  ];
}
