import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { floats } from '../../../../test/conformance/arbitraries.ts';
import { probe } from '../../../../test/conformance/backends.ts';
import { runProblem, take } from '../../../../test/conformance/compare.ts';
import { gatedRecurrenceCase } from '../../../../test/conformance/recurrence-case.ts';
import { gatedRecurrence } from '../../../index.ts';
import type { SeqrecWebgpuBackend } from '../backend.ts';

// A software driver on a busy machine takes long.
vi.setConfig({ testTimeout: 300_000 });

const { absent } = await probe('webgpu');

describe.skipIf(absent !== undefined)(
  absent === undefined ? 'a recurrence' : `a recurrence (absent: ${absent})`,
  () => {
    beforeAll(async () => {
      await tf.setBackend('webgpu');
    });

    // A few idle threads; rounds of threads and chunks of the state and of its gates.
    it.each([65, 530])('of width %d', (width) =>
      runProblem(gatedRecurrenceCase, { sizes: [9, 5, 4, 1], width, begun: false, seed: width }),
    );

    it('goes on from given states, composed', () =>
      runProblem(gatedRecurrenceCase, { sizes: [9, 5, 4, 1], width: 65, begun: true, seed: 1 }));

    it('takes two dispatches forward, whatever the steps, and gives the same bits every time', async () => {
      const backend = tf.backend() as SeqrecWebgpuBackend;
      const [width, sizes] = [40, [6, 6, 5, 5, 5, 4, 3, 3, 2, 1, 1, 1, 1]];
      const tokens = sizes.reduce((a, b) => a + b, 0);
      const x = tf.tensor2d(floats(1, 0, tokens * 3 * width), [tokens, 3 * width]);
      const weight = tf.tensor2d(floats(1, 1, 3 * width * width), [3 * width, width]);
      const bias = tf.tensor1d(floats(1, 2, 3 * width));
      const differentiate = tf.grad((y) => gatedRecurrence(y as tf.Tensor2D, { weight, bias }, sizes));
      const before = backend.counters.dispatches;
      const states = gatedRecurrence(x, { weight, bias }, sizes);
      expect(backend.counters.dispatches - before).toBe(2);
      const first = [await take(states), await take(differentiate(x))];
      for (let i = 0; i < 5; i++) {
        expect([await take(gatedRecurrence(x, { weight, bias }, sizes)), await take(differentiate(x))]).toEqual(first);
      }
      tf.dispose([x, weight, bias]);
    });
  },
);
