import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../test/part.ts';
import { checkAdamW } from '../../test/conformance/adamw-check.ts';
import { runs } from '../../test/conformance/arbitraries.ts';
import { probe } from '../../test/conformance/backends.ts';
import { cases } from '../../test/conformance/cases.ts';
import { checkGatedMask } from '../../test/conformance/layer-step-cases.ts';
import { parts } from '../../test/conformance/parts.ts';
import { attentions, checkCausality, checkDropoutBits } from '../../test/conformance/properties.ts';
import { checkAssignRows, checkRowwiseAdamW } from '../../test/conformance/rowwise-adamw-check.ts';
import { checkStockEdges, stockOps } from '../../test/conformance/stock-ops.ts';
import { fusedKernelNames } from '../index.ts';

// The suite must be able to fail: every kernel is broken in turn, on a copy of the cpu backend.
const BROKEN = 'broken';

function replace(kernelName: string, kernelFunc: tf.KernelFunc): void {
  tf.unregisterKernel(kernelName, BROKEN);
  tf.registerKernel({ kernelName, backendName: BROKEN, kernelFunc });
}

function healthy(kernelName: string): tf.KernelFunc {
  return tf.getKernel(kernelName, 'cpu').kernelFunc;
}

/** Runs the kernel of cpu, then lets `change` spoil one of its outputs. */
function spoil(kernelName: string, output: number, change: (values: tf.TypedArray) => void): void {
  replace(kernelName, (parameters) => {
    const result = healthy(kernelName)(parameters);
    const info = (Array.isArray(result) ? result : [result])[output];
    // A split may have a single output.
    if (info === undefined) return result;
    change((parameters.backend as MathBackendCPU).readSync(info.dataId) as tf.TypedArray);
    return result;
  });
}

beforeAll(async () => {
  tf.registerBackend(BROKEN, tf.findBackendFactory('cpu'));
  tf.copyRegisteredKernels('cpu', BROKEN);
  await tf.setBackend(BROKEN);
});

/** What a check says when it fails: fast-check puts the counterexample in the message and the error in its cause. */
async function complaint(check: () => Promise<void>): Promise<string> {
  try {
    await check();
  } catch (error) {
    const { message, cause } = error as Error;
    return `${message} ${cause instanceof Error ? cause.message : ''}`;
  }
  return 'nothing was found';
}

const repaired: string[] = [];
afterEach(async () => {
  await tf.setBackend(BROKEN);
  for (const name of repaired.splice(0)) replace(name, healthy(name));
});

/** Smallest error that must be noticed: a hundredth of one element, or one of an integer. */
const spoilOne = (values: tf.TypedArray) => {
  const at = values.length >> 1;
  if (values instanceof Int32Array) values[at] += 1;
  else if (values.length > 0) values[at] = values[at] * 1.01 + 1e-3;
};

describe('the copy is healthy before it is broken', () => {
  it.each(cases)('$name', ({ check }) => check(runs(3)));
});

it('every kernel of the contract has a case', () => {
  const covered = new Set([...cases.flatMap(({ kernels }) => kernels), 'AdamWStep', 'RowwiseAdamWStep', 'AssignRows']);
  expect(fusedKernelNames.filter((name) => !covered.has(name))).toEqual([]);
});

const outputsOf: Record<string, number> = {
  SiluSplit: 2,
  NormSiluSplit: 3,
  NormSiluSplitGrad: 2,
  GatedNormGrad: 2,
  GatedNormLinearGrad: 4,
  LinearLayerGrad: 3,
  EmbedTokensGrad: 2,
  HstuAttentionGrad: 5,
  CausalAttentionGrad: 3,
  GatedRecurrenceGrad: 2,
  SampledSoftmaxGrad: 2,
  SampledScoresGrad: 2,
  LogSumExpScoresGrad: 2,
  TopItems: 2,
};
const broken = cases.flatMap((kase) =>
  kase.kernels.flatMap((kernel) =>
    Array.from({ length: outputsOf[kernel] ?? 1 }, (_, output) => ({ name: kase.name, kernel, output, kase })),
  ),
);

describe('a wrong element is found', () => {
  it.each(part(broken, 2))('$kernel output $output in $name', async ({ kernel, output, kase }) => {
    repaired.push(kernel);
    spoil(kernel, output, spoilOne);
    expect(await complaint(() => kase.check({ ...runs(30), endOnFailure: true }))).toMatch(
      /expected a relative error of at most/,
    );
  });

  it('AdamWStep', async () => {
    repaired.push('AdamWStep');
    for (const output of [0, 1, 2]) {
      spoil('AdamWStep', output, spoilOne);
      expect(await complaint(checkAdamW)).toMatch(/AdamW (parameter|m|v): expected a relative error/);
    }
  });

  it('RowwiseAdamWStep', async () => {
    repaired.push('RowwiseAdamWStep');
    for (const output of [0, 1, 2]) {
      spoil('RowwiseAdamWStep', output, spoilOne);
      expect(await complaint(checkRowwiseAdamW)).toMatch(
        /RowwiseAdamW( parameter| m| v)?: expected (a relative error|row)/,
      );
    }
  });

  it('AssignRows', async () => {
    repaired.push('AssignRows');
    spoil('AssignRows', 0, spoilOne);
    expect(await complaint(checkAssignRows)).toMatch(/assignRows.*: expected a relative error/);
  });
});

describe('other faults are found', () => {
  it('an attention that sees the future', async () => {
    repaired.push('HstuAttention', 'CausalAttention');
    // The mean of all values leaks into every row.
    const leak = (values: tf.TypedArray) => {
      let mean = 0;
      for (const x of values) mean += x / values.length;
      for (let i = 0; i < values.length; i++) values[i] += 0.01 * mean;
    };
    spoil('HstuAttention', 0, leak);
    spoil('CausalAttention', 0, leak);
    expect(await complaint(() => checkCausality(attentions[0]))).toMatch(/causality/);
    expect(await complaint(() => checkCausality(attentions[1]))).toMatch(/causality/);
  });

  it('one wrong bit of a dropout mask', async () => {
    repaired.push('Dropout');
    spoil('Dropout', 0, (values) => {
      if (values.length > 100) values[100] = values[100] === 0 ? 1 : 0;
    });
    expect(await complaint(checkDropoutBits)).toMatch(/mask differs/);
  });

  it('a gated norm with a mask of its own', async () => {
    repaired.push('GatedNorm');
    replace('GatedNorm', (parameters) =>
      healthy('GatedNorm')({ ...parameters, attrs: { ...parameters.attrs, step: Number(parameters.attrs!.step) + 1 } }),
    );
    expect(await complaint(checkGatedMask)).toMatch(/gatedNorm: the mask differs/);
  });

  it.each(parts.map(({ name }) => name))(
    'parts of a batch in which %s draws from its first word again',
    async (name) => {
      const kernels = cases.find((kase) => kase.name === name)!.kernels;
      repaired.push(...kernels);
      for (const kernel of kernels) {
        replace(kernel, (parameters) => healthy(kernel)({ ...parameters, attrs: { ...parameters.attrs, first: 0 } }));
      }
      const { check } = parts.find((part) => part.name === name)!;
      expect(await complaint(check)).toMatch(/parts before and from row \d+ of \d+/);
    },
  );

  it('an integer that is off by one', async () => {
    repaired.push('UniformIntegers');
    spoil('UniformIntegers', 0, (values) => {
      if (values.length > 0) values[values.length - 1] += 1;
    });
    const kase = cases.find(({ name }) => name === 'uniformIntegers')!;
    expect(await complaint(() => kase.check(runs(30)))).toMatch(/relative error of at most 0/);
  });

  it('a leaked tensor', async () => {
    repaired.push('Silu');
    const kept: tf.Tensor[] = [];
    replace('Silu', (parameters) => {
      kept.push(tf.keep(tf.scalar(1)));
      return healthy('Silu')(parameters);
    });
    expect(await complaint(() => cases[0].check({ ...runs(3), endOnFailure: true }))).toMatch(
      /silu output: expected 1 new tensors; got 1 more/,
    );
    tf.dispose(kept);
  });

  it('a stock op that ignores a transpose', async () => {
    repaired.push('BatchMatMul');
    replace('BatchMatMul', (parameters) => {
      const attrs = { ...parameters.attrs, transposeB: false };
      const { a, b } = parameters.inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
      const square = a.shape.at(-1) === b.shape.at(-2);
      return healthy('BatchMatMul')(square ? { ...parameters, attrs } : parameters);
    });
    await expect(checkStockEdges(stockOps[0], BROKEN)).rejects.toThrow(/^edge .*matMul .*"tb":true/);
  });
});

it('a backend that every machine has is not skipped where it does not start', async () => {
  const start = () => Promise.reject(new Error('no threads'));
  await expect(probe('simd', { label: 'some', start })).rejects.toThrow('no threads');
  expect(await probe('simd', { label: 'some', start, isOptional: true })).toEqual({
    name: 'simd',
    absent: 'no threads',
  });
});
