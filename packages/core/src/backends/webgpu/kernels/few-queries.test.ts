import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BiasKind } from '../../../../test/conformance/attention-cases.ts';
import { probe } from '../../../../test/conformance/backends.ts';
import { runProblem } from '../../../../test/conformance/compare.ts';
import { causalQueriesCase, hstuQueriesCase } from '../../../../test/conformance/query-cases.ts';

const { absent } = await probe('webgpu');

describe.skipIf(absent !== undefined)(
  absent === undefined ? 'a few queries' : `a few queries (absent: ${absent})`,
  () => {
    beforeAll(async () => {
      await tf.setBackend('webgpu');
    });

    // More keys than a workgroup has threads, more columns than a block.
    const sizes = { lengths: [600, 0, 257, 256, 1], heads: 2, queryWidth: 9, valueWidth: 70, seed: 3 };
    const asking = { asking: 'last', counts: [1, 2, 3], stored: false } as const;

    it.each<BiasKind>(['none', 'position', 'position and time'])('of long sequences, HSTU, bias: %s', async (bias) => {
      const problem = { ...sizes, ...asking, bias, scale: 0.5, normalizer: 70, slack: 3, buckets: 20 };
      await runProblem(hstuQueriesCase, problem);
    });

    it('of long sequences, softmax', () => runProblem(causalQueriesCase, { ...sizes, ...asking, rate: 0, first: 0 }));

    it('of softmax does not overflow, whatever the scores', async () => {
      const { causalAttention } = await import('../../../index.ts');
      const k = tf.tensor3d([-900, 300, 1000, 999], [4, 1, 1]);
      const v = tf.tensor3d([1, 2, 3, 4], [4, 1, 1]);
      const queryOffsets = Int32Array.of(0, 1);
      const out = causalAttention({
        q: tf.ones([1, 1, 1]),
        k,
        v,
        offsets: Int32Array.of(0, 4),
        queryOffsets,
        scale: 1,
      });
      const share = 1 / (1 + Math.exp(-1));
      expect((await out.data())[0]).toBeCloseTo(3 * share + 4 * (1 - share), 5);
      tf.dispose([k, v, out]);
    });
  },
);
