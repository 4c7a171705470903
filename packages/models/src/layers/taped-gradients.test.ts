import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { tapedGradients } from './taped-gradients.ts';

beforeAll(async () => {
  await useBackend('cpu');
});

describe('gradients that fail', () => {
  it('inside those of others leave the tape to them', () => {
    const w = tf.variable(tf.tensor1d([1, 2]));
    const { numTensors } = tf.memory();
    const cubes = (): tf.Scalar => tf.sum(tf.mul(tf.square(w), w));
    const { value, grads } = tapedGradients(() => {
      const sum = cubes();
      expect(() =>
        tapedGradients(
          (keep) => {
            keep(tf.square(w));
            throw new Error('no room');
          },
          [w],
        ),
      ).toThrow('no room');
      return sum;
    }, [w]);
    expect(Array.from(grads[w.name].dataSync())).toEqual([3, 12]);
    tf.dispose([value, grads]);
    expect(tf.memory().numTensors).toBe(numTensors);
    w.dispose();
  });

  it('for want of a scalar or of a way to a variable leave nothing', () => {
    const [w, other] = [tf.variable(tf.tensor1d([1, 2])), tf.variable(tf.scalar(1))];
    const { numTensors, numBytes } = tf.memory();
    expect(() => tapedGradients((keep) => keep(tf.square(w)) as unknown as tf.Scalar, [w])).toThrow('scalar');
    expect(() => tapedGradients((keep) => tf.sum(keep(tf.square(w))), [other])).toThrow('connection');
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    tf.dispose([w, other]);
  });
});
