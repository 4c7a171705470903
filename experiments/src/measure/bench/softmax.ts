import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { finishKernels, logSumExpScores, normals, streamKey } from '@seqrec/core';
import { SimdBackend } from '@seqrec/core/simd';
import * as tf from '@tensorflow/tfjs-core';
import { type BackendOptions, startBackend } from '../../run/process/backend.ts';
import { formatBytes, formatCount } from '../../terminal/format.ts';
import { figures, type Listing, lines } from '../../terminal/listing.ts';
import { backendLine } from '../backend-facts.ts';
import { findPython, peerEnvironment } from './peer.ts';
import { median } from './statistics.ts';

/** Of a full cross-entropy: a batch of Amazon Beauty. */
export interface SoftmaxSize {
  readonly tokens: number;
  readonly items: number;
  readonly width: number;
}
export const BEAUTY: SoftmaxSize = { tokens: 14_000, items: 12_101, width: 64 };

export interface SoftmaxBench {
  readonly backend: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly size: SoftmaxSize;
  /** Median seconds of loss and gradients. */
  readonly seconds: number;
  /** Most bytes in the heap, inputs and gradients included; undefined off the simd backend. */
  readonly peakBytes?: number;
  readonly peer?: {
    readonly torch: string;
    readonly seconds: number;
    /** What its step adds to the resident memory of the process. */
    readonly peakBytes: number;
  };
  /** Seconds of the peer over ours, medians. */
  readonly ratio?: number;
  readonly missing?: string;
}

const STEPS = 2;

/**
 * Times loss and gradients of the full softmax, in turn with those of PyTorch: `cross_entropy(q @ e.T, y)`, backward.
 */
export async function benchSoftmax(request: {
  readonly backend: BackendOptions;
  readonly rounds: number;
  readonly peer: boolean;
  readonly size: SoftmaxSize;
}): Promise<SoftmaxBench> {
  const { size } = request;
  const choice = await startBackend(request.backend);
  const threads = Number((choice.details as { threads?: number }).threads ?? 1);
  const subject = subjectOf(size);
  const peakBytes = peakOf(subject.step);
  const python = request.peer ? findPython() : undefined;
  const [ours, theirs]: [number[], PeerRound[]] = [[], []];
  let missing = python !== undefined && 'missing' in python ? python.missing : undefined;
  for (let round = 0; round < request.rounds; round++) {
    subject.step();
    for (let step = 0; step < STEPS; step++) ours.push(subject.step());
    if (python === undefined || missing !== undefined) continue;
    const result = runPeer((python as { path: string }).path, size, threads);
    if ('missing' in result) missing = result.missing;
    else theirs.push(result);
  }
  subject.dispose();
  const seconds = median(ours);
  const peer =
    theirs.length === 0
      ? undefined
      : {
          torch: theirs[0].torch,
          seconds: median(theirs.flatMap((round) => round.seconds)),
          peakBytes: Math.max(...theirs.map((round) => round.peakBytes)),
        };
  const ratio = peer && peer.seconds / seconds;
  return { backend: choice.name, details: choice.details, size, seconds, peakBytes, peer, ratio, missing };
}

/** The loss of an objective of all items: the log of the sum less the score of the label. */
function subjectOf({ tokens, items, width }: SoftmaxSize): { step(): number; dispose(): void } {
  const table = (name: string, rows: number): tf.Tensor2D => {
    const drawn = normals(streamKey(1, name), 0, rows * width);
    const values = Float32Array.from(drawn, (x) => x * width ** -0.25);
    return tf.tensor2d(values, [rows, width]);
  };
  const inputs = [table('queries', tokens), table('items', items)];
  const labels = tf.tensor1d(
    Int32Array.from({ length: tokens }, (_, t) => (t * 7919) % items),
    'int32',
  );
  const loss = (q: tf.Tensor, e: tf.Tensor): tf.Tensor => {
    const own = tf.sum(tf.mul(q, tf.gather(e, labels)), 1);
    return tf.mean(tf.sub(logSumExpScores({ queries: q, items: e }), own));
  };
  return {
    step() {
      const begin = performance.now();
      const { value, grads } = tf.valueAndGrads((q, e) => loss(q, e))(inputs);
      finishKernels();
      const seconds = (performance.now() - begin) / 1000;
      tf.dispose([value, grads]);
      return seconds;
    },
    dispose: () => {
      tf.dispose([inputs, labels]);
    },
  };
}

function peakOf(step: () => number): number | undefined {
  const backend = tf.backend();
  if (!(backend instanceof SimdBackend)) return undefined;
  backend.heap.resetPeak();
  step();
  return backend.heap.peak;
}

interface PeerRound {
  readonly torch: string;
  readonly seconds: readonly number[];
  readonly peakBytes: number;
}

function runPeer(python: string, size: SoftmaxSize, threads: number): PeerRound | { readonly missing: string } {
  const script = fileURLToPath(new URL('../../../peers/cross_entropy.py', import.meta.url));
  const args = [script, '--threads', String(threads), '--steps', String(STEPS)];
  const input = JSON.stringify(size);
  const { status, stdout, stderr } = spawnSync(python, args, { input, encoding: 'utf8', env: peerEnvironment() });
  if (status === 0) return JSON.parse(stdout) as PeerRound;
  return { missing: `peers/cross_entropy.py failed: ${stderr.trim().split('\n').at(-1) ?? `exit ${status}`}` };
}

export function listSoftmaxBench(bench: SoftmaxBench): Listing {
  const { size, seconds, peakBytes, peer, ratio } = bench;
  const { tokens, items, width } = size;
  const row = (what: string, s: number, bytes: number | undefined): string[] => [
    what,
    s.toFixed(3),
    // Scores, the gradient of the queries, that of the items.
    ((6 * tokens * items * width) / s / 1e9).toFixed(1),
    bytes === undefined ? '-' : formatBytes(bytes),
  ];
  const rows = [row(`seqrec ${bench.backend}`, seconds, peakBytes)];
  if (peer) rows.push(row(`PyTorch ${peer.torch}`, peer.seconds, peer.peakBytes));
  return [
    ...lines(
      `backend ${backendLine(bench.backend, bench.details)}`,
      `${formatCount(tokens)} tokens x ${formatCount(items)} items, D = ${width}: loss and gradients, medians, contestants in turn`,
      'GFLOP/s of three products; peak: our heap with inputs and gradients, what a step adds to the resident memory of PyTorch',
    ),
    figures(['contestant', 'seconds', 'GFLOP/s', 'peak'], rows, { left: [0] }),
    ...lines(
      ratio !== undefined && `PyTorch over seqrec: ${ratio.toFixed(2)}`,
      bench.missing !== undefined && `PyTorch: ${bench.missing}`,
    ),
  ];
}
