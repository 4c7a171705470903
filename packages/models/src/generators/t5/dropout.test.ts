// Where T5 drops numbers: weights that leave one way open, and what is left of what evaluation has there.
import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import type { Run } from '../../layers/layer.ts';
import { T5Block } from './block.ts';
import { t5Net } from './net.ts';
import { tinyConfig } from './test-support/world.ts';

const RATE = 0.3;
const KEPT = 1 - RATE;
const [ROWS, HEADS, WIDTH] = [400, 4, 4];
const D = HEADS * WIDTH;
const training: Run = { training: true, step: 3, seed: 2 };
const evaluation: Run = { ...training, training: false };

beforeAll(async () => {
  await useBackend('auto');
});

function blockOf(open: readonly string[]): T5Block {
  const sizes = { embeddingDim: D, numHeads: HEADS, headDim: WIDTH, ffnDim: D, dropout: RATE, isDecoder: true };
  const block = new T5Block({ ...sizes, feedForward: 'relu', stream: 't5.decoder.0' });
  for (const name of block.names.filter((each) => !each.includes('norm'))) {
    const isOpen = open.some((each) => name.includes(each));
    block.weight(name).assign(tf.tidy(() => (isOpen ? tf.eye(D) : tf.zeros([D, D]))));
  }
  return block;
}

/** What a block adds to positive rows, one a sequence, over what it adds in evaluation. */
function ratios(block: T5Block): number[][] {
  return tf.tidy(() => {
    const x = tf.add(tf.abs(tf.randomNormal([ROWS, D], 0, 1, 'float32', 1)), 0.5) as tf.Tensor2D;
    const places = [tf.zeros([ROWS, HEADS, 1]), tf.ones([ROWS, HEADS, 1])];
    const offsets = tf.tensor1d(
      Int32Array.from({ length: ROWS + 1 }, (_, row) => row),
      'int32',
    );
    const inputs = [x, ...places, offsets, x, offsets];
    const [dropped, whole] = [training, evaluation].map((run) =>
      tf.sub(block.apply(inputs, { ...run }) as tf.Tensor, x),
    );
    return tf.div(dropped, whole).arraySync() as number[][];
  });
}

function expectShare(flags: readonly boolean[], share: number, what: string): void {
  const found = flags.filter(Boolean).length / flags.length;
  expect(Math.abs(found - share), what).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / flags.length));
}

/** All numbers are gone, or kept through two places that drop. */
function expectTwice(rows: readonly number[][], what: string): void {
  for (const value of rows.flat()) if (value !== 0) expect(value).toBeCloseTo(1 / KEPT ** 2, 3);
  expectShare(
    rows.flat().map((value) => value !== 0),
    KEPT ** 2,
    what,
  );
}

it.each([
  ['attention', ['SelfAttention.v', 'SelfAttention.o']],
  ['attention to the history', ['EncDecAttention.v', 'EncDecAttention.o']],
] as const)('drops weights of the %s, a head at a time, and what it adds', (what, open) => {
  const rows = ratios(blockOf(open));
  // Numbers of one draw are not independent: a head is gone as a whole by its weight, else by chance alone.
  const heads = rows.flatMap((row) => Array.from({ length: HEADS }, (_, h) => row.slice(h * WIDTH, (h + 1) * WIDTH)));
  for (const value of rows.flat()) if (value !== 0) expect(value).toBeCloseTo(1 / KEPT ** 2, 3);
  const gone = heads.map((own) => own.every((value) => value === 0));
  expectShare(gone, RATE + KEPT * RATE ** WIDTH, `${what}: weights`);
  const left = heads.filter((_, i) => !gone[i]).flat();
  expectShare(
    left.map((value) => value !== 0),
    KEPT / (1 - RATE ** WIDTH),
    `${what}: output`,
  );
});

it('drops hidden units and what the feed-forward part adds', () => {
  expectTwice(ratios(blockOf(['DenseReluDense'])), 'feed-forward');
});

it('drops what enters a stack and what leaves it', () => {
  const config = tinyConfig({ dropout: RATE, embeddingDim: D, maxSequenceLength: 400 });
  const net = t5Net(config, { numItems: 5, seed: 1 });
  for (const { layer } of net.layers) {
    for (const name of layer.names.filter((each) => /\.(o|wo)\.weight$/.test(each))) {
      layer.weight(name).assign(tf.tidy(() => tf.zeros(layer.weight(name).shape)));
    }
  }
  const ids = new Int32Array(ROWS).fill(2);
  const offsets = Int32Array.from({ length: ROWS + 1 }, (_, row) => row);
  const [encoded, decoded] = tf.tidy(() => {
    const memory = net.encode(ids, offsets, training);
    const written = net.decodeAll({ ids, offsets }, memory, offsets, training);
    return [memory, written].map((each) => each.dataSync());
  });
  for (const [values, what] of [
    [encoded, 'encoder'],
    [decoded, 'decoder'],
  ] as const) {
    expectShare(
      Array.from(values, (value) => value !== 0),
      KEPT ** 2,
      what,
    );
  }
  // Streams of their own: what one stack drops, the other may keep.
  expect(Array.from(encoded, (value) => value !== 0)).not.toEqual(Array.from(decoded, (value) => value !== 0));
  tf.dispose(net.layers.flatMap(({ layer }) => layer.names.map((name) => layer.weight(name))));
});
