// First, so that it copies the stock kernels before ours replace one.
import { PRISTINE } from '../../test/conformance/op-list/pristine-cpu.ts';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runs } from '../../test/conformance/arbitraries.ts';
import { attempt, misfits, type Outcome } from '../../test/conformance/misfits.ts';
import { backend } from '../../test/simd.ts';
import { registerSimdBackend, removeSimdBackend } from '../backends/simd/index.ts';

/** Errors of ours that say it in words of their own. */
const OWN_WORDS: Readonly<Record<string, RegExp>> = {
  // `cpu` speaks of an inner shape that is undefined, or of a reshape.
  BatchMatMul: /^matMul: expected matrices/,
  _FusedMatMul: /^(matMul: expected matrices|_FusedMatMul: unknown activation)/,
  // Kernels of ours that are not of TensorFlow.js look up rows too.
  GatherV2: /^gather: expected ids from/,
  UnsortedSegmentSum: /^unsortedSegmentSum: expected one segment id/,
  // `cpu` stumbles in a slice or in a reshape.
  SplitV: /^split: expected sizes/,
  Unpack: /^All values in axis param/,
  Slice: /^Tensor must have a shape comprised of positive integers/,
  PadV2: /^pad: expected two widths for each axis/,
  Sum: /^sum: expected each axis once/,
  Mean: /^mean: expected each axis once/,
  Max: /^max: expected each axis once/,
};

/** Calls that `cpu` answers with nonsense, and `simd` with an error in words of its own. */
const STRICTER = new Set([
  'SplitV',
  'Unpack',
  'Slice',
  'Transpose',
  'PadV2',
  'UnsortedSegmentSum',
  'Sum',
  'Mean',
  'Max',
]);

/** Where ours declines, the stock kernel throws with its reshapes in hand. */
const LEAVES_BLOCKS = new Set(['Pack', 'GatherV2']);

/** Whether a backend keeps its own word: as many values as the shape says. */
function consistent({ outputs }: Extract<Outcome, { outputs: unknown }>): boolean {
  return outputs.every(({ shape, values }) => values.length === tf.util.sizeFromShape([...shape]));
}

async function check(name: string): Promise<void> {
  await fc.assert(
    fc.asyncProperty(misfits[name], async (call) => {
      await tf.setBackend(PRISTINE);
      const expected = attempt(name, call);
      await tf.setBackend('simd');
      const blocks = backend().heap.blocks;
      const got = attempt(name, call);
      if (!LEAVES_BLOCKS.has(name)) expect(backend().heap.blocks, 'blocks left behind').toBe(blocks);
      if ('error' in expected) {
        expect(got, `cpu: ${expected.error}`).toHaveProperty('error');
        const { error } = got as { error: string };
        if (!OWN_WORDS[name]?.test(error)) expect(error).toBe(expected.error);
      } else if (!('error' in got)) {
        if (!consistent(expected)) return;
        expect(got.outputs.map(({ shape }) => shape)).toEqual(expected.outputs.map(({ shape }) => shape));
        for (const [i, { values }] of got.outputs.entries()) {
          const error = values.map((x, j) => Math.abs(x - expected.outputs[i].values[j]) / (1 + Math.abs(x)));
          expect(Math.max(0, ...error.filter((x) => !Number.isNaN(x)))).toBeLessThan(1e-5);
        }
      } else if (!STRICTER.has(name)) expect.fail(`cpu takes it; simd: ${got.error}`);
    }),
    runs(120),
  );
}

describe('what the stock kernels of cpu refuse, simd refuses', () => {
  beforeAll(() => registerSimdBackend({ threads: 2 }));
  afterAll(removeSimdBackend);

  for (const name of Object.keys(misfits)) it(name, () => check(name));
});
