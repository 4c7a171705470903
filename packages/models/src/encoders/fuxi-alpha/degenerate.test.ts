import { streamKey, uniform01 } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { HstuLayer } from '../hstu/layer.ts';
import { weighted } from './attention.ts';
import { FuxiAlphaBlock, type FuxiAlphaBlockArgs } from './block.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const ENDS = [0, 4, 5, 11];
const offsets = (): tf.Tensor1D => tf.tensor1d(ENDS, 'int32');
const draws = (name: string, size: number): number[] =>
  Array.from(uniform01(streamKey(4, name), 0, size), (x) => 2 * x - 1);

describe('a channel without queries and keys', () => {
  it('with one weight everywhere is a running sum, with the gradient of one', () => {
    tf.tidy(() => {
      const v = tf.tensor3d(draws('v', 11 * 6), [11, 2, 3]);
      const of = (weights: tf.Tensor): tf.Tensor =>
        weighted({ v, offsets: offsets(), rows: 11 }, { positionWeights: weights });
      const weights = tf.fill([2 * 8 - 1], -0.7);
      const got = of(weights).arraySync() as number[][][];
      const rows = v.arraySync();
      const slope = new Array<number>(15).fill(0);
      for (let b = 0; b < 3; b++) {
        for (let i = ENDS[b]; i < ENDS[b + 1]; i++) {
          for (let head = 0; head < 2; head++) {
            for (let c = 0; c < 3; c++) {
              let sum = 0;
              for (let j = ENDS[b]; j <= i; j++) {
                sum += rows[j][head][c];
                slope[j - i + 7] += rows[j][head][c];
              }
              expect(got[i][head][c]).toBeCloseTo(-0.7 * sum, 5);
            }
          }
        }
      }
      const gradient = tf
        .grad((x) => tf.sum(of(x)))(weights)
        .arraySync() as number[];
      for (const [at, value] of gradient.entries()) expect(value).toBeCloseTo(slope[at], 4);
    });
  });
});

const args: FuxiAlphaBlockArgs = {
  ...{ embeddingDim: 6, numHeads: 2, dqk: 3, dv: 4, ffnDim: 7, numTimeBuckets: 9, paddedLength: 8 },
  ...{ channels: 'position-time-content', multistage: true, linearDropout: 0.3, seed: 2, stream: 'block' },
};
const run = { training: true, step: 3, seed: 5 };
const times = () => tf.tensor1d([0, 9, 300, 301, 4, 0, 1, 2, 70, 900, 5000], 'int32');
/** Rows whose mean is zero: there a layer norm is a root-mean-square norm. */
const centred = (): tf.Tensor2D =>
  tf.tidy(() => {
    const x = tf.tensor2d(draws('x', 66), [11, 6]);
    return tf.sub(x, tf.mean(x, 1, true));
  });
const near = (got: tf.Tensor, expected: tf.Tensor, size = 1e-5): void =>
  expect(tf.max(tf.abs(tf.sub(got, expected))).dataSync()[0]).toBeLessThan(size);

describe('with channels and stages switched off', () => {
  it('the content channel in one stage is HSTU without bias, with a root-mean-square norm', () => {
    tf.tidy(() => {
      const { ffnDim: _, channels: __, multistage: ___, ...shared } = args;
      const block = new FuxiAlphaBlock({ ...args, linearDropout: 0, channels: 'content', multistage: false });
      const layer = new HstuLayer({
        ...{ ...shared, attention: 'silu', relativeBias: 'none', outputNorm: 'rms', linearDropout: 0 },
      });
      for (const [own, theirs] of [
        ['uvqk', 'uvqk'],
        ['lin0.weight', 'o.weight'],
        ['lin0.bias', 'o.bias'],
      ]) {
        block.weight(own).assign(tf.mul(block.weight(own), 9));
        layer.weight(theirs).assign(block.weight(own));
      }
      const inputs = [centred(), offsets()];
      near(block.apply(inputs, run) as tf.Tensor, layer.apply(inputs, run) as tf.Tensor);
    });
  });

  it('weights of zero are channels that are not there, but for the norm over all columns', () => {
    tf.tidy(() => {
      const whole = new FuxiAlphaBlock({ ...args, linearDropout: 0 });
      const part = new FuxiAlphaBlock({ ...args, linearDropout: 0, channels: 'content' });
      const [h, c] = [2, 4];
      // Large and positive, so that the epsilon of the norm does not show.
      whole.weight('uvqk').assign(tf.mul(tf.abs(whole.weight('uvqk')), 30));
      for (const name of ['pos_w', 'ts_w']) whole.weight(name).assign(tf.zerosLike(whole.weight(name)));
      // Of [head, channel, column], the last channel.
      const content = (x: tf.Tensor): tf.Tensor =>
        tf.reshape(tf.slice(tf.reshape(x, [-1, h, 3, c]), [0, 0, 2, 0]), [-1, h * c]);
      const [u, rest] = tf.split(whole.weight('uvqk'), [3 * h * c, h * c + 2 * h * 3], 1);
      part.weight('uvqk').assign(tf.concat([content(u), rest], 1));
      part.weight('lin0.weight').assign(tf.mul(content(whole.weight('lin0.weight')), Math.sqrt(3)));
      for (const name of ['lin0.bias', 'lin1.weight', 'lin2.weight', 'lin3.weight'])
        part.weight(name).assign(whole.weight(name));
      const inputs = [tf.abs(centred()), offsets(), times(), times()];
      near(whole.apply(inputs, run) as tf.Tensor, part.apply(inputs, run) as tf.Tensor, 1e-4);
    });
  });

  it('a second stage of zero is none', () => {
    tf.tidy(() => {
      const whole = new FuxiAlphaBlock(args);
      const part = new FuxiAlphaBlock({ ...args, multistage: false });
      whole.weight('lin2.weight').assign(tf.zeros([6, 7]));
      const inputs = [centred(), offsets(), times(), times()];
      near(whole.apply(inputs, run) as tf.Tensor, part.apply(inputs, run) as tf.Tensor, 1e-6);
    });
  });
});
