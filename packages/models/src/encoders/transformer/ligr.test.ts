import { streamKey, uniform01 } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { TransformerBlock, type TransformerBlockArgs } from './block.ts';
import { transformerSwitches } from './blocks.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const sizes = { embeddingDim: 6, numHeads: 2, ffnDim: 10, dropout: 0.3, ffnDropout: 0.2, seed: 3, stream: 'block' };
const values = (shape: [number, number]): tf.Tensor2D =>
  tf.tensor2d(
    Array.from(uniform01(streamKey(4, 'x'), 0, shape[0] * shape[1]), (x) => 2 * x - 1),
    shape,
  );

/** Output and gradient of the input of a block whose gates have this bias. */
function made(args: Partial<TransformerBlockArgs>, gateBias?: number): number[][][] {
  const block = new TransformerBlock({ ...sizes, ...args });
  const offsets = tf.tensor1d([0, 4, 7], 'int32');
  const run = { training: true, step: 2, seed: 5 };
  return tf.tidy(() => {
    if (gateBias !== undefined) {
      for (const name of ['gate1.bias', 'gate2.bias']) block.weight(name).assign(tf.fill([6], gateBias));
    }
    const forward = (x: tf.Tensor): tf.Tensor => block.apply([x, offsets], run) as tf.Tensor;
    const x = values([7, 6]);
    const slope = tf.grad((of) => tf.sum(tf.square(forward(of))))(x);
    return [forward(x), slope].map((each) => each.arraySync() as number[][]);
  });
}

function expectNear(got: number[][][], expected: number[][][]): void {
  const [a, b] = [got, expected].map((each) => each.flat(2));
  for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i], 5);
}

describe.each(['relu', 'gelu', 'swiglu'] as const)('gated residuals with %s', (activation) => {
  it('with open gates are the pre-norm block, dropout included', () => {
    expectNear(made({ activation, gatedResidual: true }, 30), made({ activation }));
  });

  it('with gates half open are not, and with closed ones the block is the identity', () => {
    const half = made({ activation, gatedResidual: true }, 0)[0].flat();
    const plain = made({ activation })[0].flat();
    expect(Math.max(...half.map((value, i) => Math.abs(value - plain[i])))).toBeGreaterThan(0.01);
    const x = tf.tidy(() => values([7, 6]).arraySync());
    const slope = x.map((row) => row.map((value) => 2 * value));
    expectNear(made({ activation, gatedResidual: true }, -30), [x, slope]);
  });
});

it('a block sets what a configuration does not', () => {
  const plain = { activation: 'relu', gatedResidual: false, ffnBias: true, ffnDropout: 0, finalNorm: true };
  const ligr = { activation: 'swiglu', gatedResidual: true, ffnBias: false, ffnDropout: 0.4, finalNorm: false };
  expect(transformerSwitches({ blockDropout: 0.4 })).toEqual(plain);
  expect(transformerSwitches({ block: 'pre-norm', blockDropout: 0.4 })).toEqual(plain);
  expect(transformerSwitches({ block: 'ligr', blockDropout: 0.4 })).toEqual(ligr);
  const given = { activation: 'gelu', gatedResidual: false, ffnBias: true, ffnDropout: 0, finalNorm: true } as const;
  expect(transformerSwitches({ block: 'ligr', blockDropout: 0.4, ...given })).toEqual(given);
});
