// First, so that it copies the stock kernels before ours replace one.
import '../../test/conformance/op-list/pristine-cpu.ts';
import '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCases, checkKernel } from '../../test/conformance/op-list/op-case.ts';
import {
  gradientCases,
  gradientNames,
  gradientsWithoutCases,
  opList,
  withoutCases,
} from '../../test/conformance/op-list/op-list.ts';
import { kernelNames } from '../../test/conformance/op-list/pristine-cpu.ts';
import { composedGradients } from '../../test/conformance/op-list/reductions.ts';
import { registerSimdBackend, removeSimdBackend } from '../backends/simd/index.ts';

describe('every kernel of TensorFlow.js on simd against the stock cpu backend', () => {
  beforeAll(() => registerSimdBackend({ threads: 2 }));
  afterAll(removeSimdBackend);

  it('has cases for every kernel, or a reason', () => {
    expect([...Object.keys(opList), ...Object.keys(withoutCases)].toSorted()).toEqual(kernelNames);
  });

  it('has cases with gradients for every gradient, or a reason', () => {
    const missing = gradientNames().filter((name) => gradientCases(name) === undefined);
    expect(missing).toEqual(Object.keys(gradientsWithoutCases).toSorted());
  });

  for (const [name, entry] of Object.entries(opList)) it(name, () => checkKernel(name, entry, 'simd'));
  for (const [name, entry] of Object.entries(composedGradients)) {
    it(`gradient of ${name}`, () => checkCases(name, entry, 'simd'));
  }
});
