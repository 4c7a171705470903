import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { partOf } from '../../../../../test/part.ts';
import { backend, bytesOf, use, values } from '../../../test/simd.ts';
import { BackendError } from '../../errors.ts';
import { linearBlocks } from '../../index.ts';
import { finishKernels } from '../timers.ts';
import { float } from './arguments.ts';
import { removeSimdBackend } from './index.ts';
import { CONTROL, KERNEL } from './kernels.ts';

const SIZE = 1200;
let operands: tf.Tensor2D[] = [];

/** A product that takes the workers tens of milliseconds: what is handed over meanwhile waits. */
const slow = (): tf.Tensor2D => tf.matMul(operands[0], operands[1]);

/**
 * So much work that it is not over while the main thread does a little, even where it loses its processor for a while.
 */
function busy(): tf.Tensor2D {
  for (let i = 0; i < 15; i++) slow().dispose();
  return slow();
}

async function start(threads: number): Promise<void> {
  await use({ threads });
  operands = [values([SIZE, SIZE], 1), values([SIZE, SIZE], 2)] as tf.Tensor2D[];
}

/** An address past the end of memory traps in whichever thread takes the task. */
const trap = (): void =>
  backend().pool.run(KERNEL.fill, 64, { Y: 0xfff0_0000, N: 64 * 1024, PER_TASK: 1024, VALUE: float(1) });

/** What a program does to a few tensors of [24, 40]; places are taken modulo what there is. */
type Action =
  | {
      readonly kind: 'slow' | 'host' | 'product' | 'sum' | 'stock' | 'dispose' | 'read' | 'column';
      readonly at: number;
    }
  | { readonly kind: 'update'; readonly at: number; readonly grad: number };

const place = fc.nat({ max: 20 });
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(
      'host',
      'product',
      'sum',
      'dispose',
      'column',
      'host',
      'product',
      'sum',
      'slow',
      'stock',
      'read',
    ),
    at: place,
  }),
  fc.record({ kind: fc.constant('update' as const), at: place, grad: place }),
);

/** All that the program read, and in the end all that is left. */
function run(program: readonly Action[]): Uint8Array[] {
  const read: Uint8Array[] = [];
  const live: tf.Tensor[] = [values([24, 40], 0)];
  const of = (at: number): tf.Tensor => live[at % live.length];
  slow().dispose();
  for (const [i, step] of program.entries()) {
    const x = of(step.at);
    if (step.kind === 'slow') slow().dispose();
    else if (step.kind === 'host') live.push(values([24, 40], i));
    else if (step.kind === 'product') live.push(tf.tidy(() => tf.matMul(x, values([40, 40], i) as tf.Tensor2D)));
    else if (step.kind === 'sum') live.push(tf.tidy(() => tf.mul(tf.add(x, of(step.at + 1)), 0.3)));
    else if (step.kind === 'stock') live.push(tf.tidy(() => tf.mul(tf.cumsum(x, 1), 0.1)));
    else if (step.kind === 'column') live.push(tf.tidy(() => tf.tanh(tf.add(x, values([24, 1], i)))));
    else if (step.kind === 'read') read.push(bytesOf(x));
    else if (step.kind === 'dispose' && live.length > 1) live.splice(step.at % live.length, 1)[0].dispose();
    else if (step.kind === 'update') {
      const [param, m, v] = [values([24, 40], i), tf.zeros([24, 40]), tf.zeros([24, 40])];
      const attrs = { learningRate: 0.1, beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0, step: 1 };
      const inputs = { param, m, v, grad: of(step.grad) };
      const [updated, ...moments] = tf.engine().runKernel('AdamWStep', inputs, attrs) as tf.Tensor[];
      live.push(updated);
      tf.dispose([param, m, v, ...moments]);
    }
  }
  read.push(...live.map(bytesOf));
  tf.dispose(live);
  return read;
}

describe('kernels that were handed over', () => {
  beforeEach(() => start(3));
  afterAll(removeSimdBackend);

  it('give what one thread gives, whatever is written, updated, freed and read between them', async () => {
    const programs = fc.sample(fc.array(action, { minLength: 20, maxLength: 60 }), { numRuns: partOf(20, 4), seed: 1 });
    const queued = programs.map(run);
    await start(1);
    const alone = programs.map(run);
    for (const [i, bytes] of queued.entries())
      expect(bytes.every((x, r) => Buffer.compare(x, alone[i][r]) === 0)).toBe(true);
  });

  it('leave the main thread to go on, and end when they are waited for', () => {
    const x = busy();
    expect(backend().pool.idle).toBe(false);
    finishKernels();
    expect(backend().pool.idle).toBe(true);
    x.dispose();
  });

  it('are waited for by whoever reads what they make, and by no one else', () => {
    const first = tf.tensor1d([1, 2, 3]);
    const sum = tf.add(first, 1);
    const x = busy();
    expect(Array.from(sum.dataSync())).toEqual([2, 3, 4]);
    expect(Array.from(first.dataSync())).toEqual([1, 2, 3]);
    expect(backend().pool.idle).toBe(false);
    // A stock kernel reads where the values lie.
    const last = (y: tf.Tensor): number => y.dataSync()[SIZE * SIZE - 1];
    expect(last(tf.cumsum(x, 1, true))).not.toBe(0);
    expect(backend().pool.idle).toBe(true);
    // One made of ops (so many blocks are too many for ours) hands those over.
    const y = busy();
    const [row, w] = [tf.ones([1, 1]), tf.ones([24, 1])] as tf.Tensor2D[];
    const blocks = linearBlocks({ x: row, w }, new Array<number>(24).fill(1));
    expect(backend().pool.idle).toBe(false);
    expect(blocks.map((block) => block.dataSync()[0])).toEqual(new Array(24).fill(1));
    tf.dispose([y, row, w, ...blocks]);
    tf.dispose([first, sum, x]);
  });

  it('are waited for by whoever reads a tensor of the host that they write into', () => {
    const [param, m, v, grad] = [1, 0, 0, 1].map((x) => tf.tensor1d(new Float32Array(50_000).fill(x)));
    const attrs = { learningRate: 0.1, beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0, step: 1 };
    const x = slow();
    const made = tf.engine().runKernel('AdamWStep', { param, m, v, grad }, attrs) as tf.Tensor[];
    expect(made[0].dataSync().every((w) => Math.abs(w - 0.9) < 1e-6)).toBe(true);
    tf.dispose([param, m, v, grad, x, ...made]);
  });

  it('may be more than the ring holds, with more values of the host between them than there is room to wait', () => {
    const count = 3 * CONTROL.jobs;
    const host = Array.from({ length: count }, (_, i) => new Float32Array(40_000).fill(i));
    const x = slow();
    const rows = Array.from({ length: count }, (_, i) => tf.fill([40_000], i % 7));
    const sums = rows.map((row, i) => tf.add(row, tf.tensor1d(host[i])));
    for (const [i, sum] of sums.entries()) {
      const got = sum.dataSync();
      expect([got[0], got[39_999]]).toEqual([i + (i % 7), i + (i % 7)]);
    }
    tf.dispose([x, ...rows, ...sums]);
  });

  it('end before the threads do', async () => {
    const x = slow();
    const { pool } = backend();
    await removeSimdBackend();
    expect(pool.idle).toBe(true);
    x.dispose();
  });

  it('are not waited for under a number that was not given yet, which is one of two billion jobs ago', () => {
    const x = busy();
    const { pool } = backend();
    pool.wait((pool.last + 1) | 0);
    pool.wait((pool.last + 2 ** 31) | 0);
    expect(pool.idle).toBe(false);
    x.dispose();
  });

  it('fail with a typed error for whoever waits next; those after them run', () => {
    trap();
    const sum = tf.add(tf.tensor1d(new Float32Array(100_000).fill(1)), 3);
    expect(() => backend().wait()).toThrow(BackendError);
    expect(sum.dataSync().every((y) => y === 4)).toBe(true);
    trap();
    expect(() => tf.tensor1d([1]).dataSync()).toThrow('simd: 64 tasks failed, the last of kernel fill');
    expect(Array.from(tf.add(tf.tensor1d([1, 2]), tf.tensor1d([3, 4])).dataSync())).toEqual([4, 6]);
  });
});
