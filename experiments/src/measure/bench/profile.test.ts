import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { rooflineShare } from './profile.ts';
import { recordKernels } from './recorder.ts';

const peak = { gflops: 100, gbytes: 20 };
const row = { kernel: 'k', calls: 1 };

it('holds arithmetic against the product and bytes against memory, whichever takes longer', () => {
  expect(rooflineShare({ ...row, seconds: 0.1, flops: 5e9, bytes: 1e8 }, peak)).toBeCloseTo(0.5);
  expect(rooflineShare({ ...row, seconds: 0.1, flops: 0, bytes: 1e9 }, peak)).toBeCloseTo(0.5);
});

it('knows the time that recording takes, apart from that of the kernels', async () => {
  await useBackend('cpu');
  const begin = performance.now();
  const recorder = recordKernels('cpu');
  for (let i = 0; i < 50; i++) tf.tidy(() => tf.add([i], 1));
  recorder.stop();
  const { kernels } = recorder.result();
  expect(kernels.map(({ kernel, calls }) => [kernel, calls])).toEqual([['Add', 50]]);
  expect(recorder.ownSeconds).toBeGreaterThan(0);
  expect(recorder.ownSeconds + kernels[0].seconds).toBeLessThan((performance.now() - begin) / 1000);
});
