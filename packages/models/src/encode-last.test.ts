import { useBackend } from '@seqrec/core';
import { latestWindow, makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from './inputs.ts';
import { encodeLast, isTowers } from './model.ts';
import { createModel, type ModelConfigInput } from './registry.ts';
import { tinyConfigs, tinySplit } from './test-support/tiny.ts';

const run = { training: false, step: 0, seed: 0 };
const configs: Readonly<Record<string, ModelConfigInput>> = {
  ...tinyConfigs,
  'hstu without bias': { ...tinyConfigs.hstu, kind: 'hstu', relativeBias: 'none' } as ModelConfigInput,
  'hstu with positions': { ...tinyConfigs.hstu, kind: 'hstu', relativeBias: 'position' } as ModelConfigInput,
};

describe.each(['simd', 'cpu'] as const)('encodeLast on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it.each(Object.keys(configs))('equals the last rows of encode: %s', async (name) => {
    const model = createModel(configs[name], { numItems: 20, seed: 8 });
    const batch = uploadBatch(makeBatch(latestWindow(tinySplit().test, { maxLength: 6 }), [0, 3, 4, 7, 1]));
    const before = tf.memory().numTensors;
    const [short, long] = tf.tidy(() => {
      const rows = tf.tensor1d(
        batch.hostOffsets.slice(1).map((end) => end - 1),
        'int32',
      );
      return [encodeLast(model, batch), tf.gather(model.encode(batch, run), rows)];
    });
    expect(tf.memory().numTensors).toBe(before + 2);
    const [actual, expected] = [await short.data(), await long.data()];
    // On simd the same kernels do the same sums, in the same order; but the means of histories that a tower reads.
    if (backend === 'simd' && !isTowers(model)) expect(actual).toEqual(expected);
    else for (const [i, x] of actual.entries()) expect(Math.abs(x - expected[i])).toBeLessThan(1e-6);
    tf.dispose([short, long]);
    batch.dispose();
    model.dispose();
  });

  it('refuses an empty sequence', () => {
    const model = createModel(tinyConfigs.hstu, { numItems: 20, seed: 8 });
    const batch = uploadBatch({
      users: Int32Array.of(0, 1),
      offsets: Int32Array.of(0, 1, 1),
      itemIds: Int32Array.of(3),
      timestamps: Float64Array.of(0),
      targets: Int32Array.of(4),
      targetTimestamps: Float64Array.of(1),
    });
    expect(() => model.encodeLast?.(batch)).toThrow(
      'encodeLast: expected at least one token in every sequence; got none in 1; leave it out',
    );
    batch.dispose();
    model.dispose();
  });
});
