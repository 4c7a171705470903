import * as tf from '@tensorflow/tfjs-core';
import { adamWStep } from './adamw-step.ts';
import { assignRows } from './assign-rows.ts';
import { causalAttention, causalAttentionGrad } from './causal-attention.ts';
import { embedTokens, embedTokensGrad } from './embed-tokens.ts';
import { gatedNorm, gatedNormGrad } from './gated-norm.ts';
import { gatedNormLinear, gatedNormLinearGrad } from './gated-norm-linear.ts';
import { gatedRecurrence, gatedRecurrenceGrad } from './gated-recurrence.ts';
import { hstuAttention, hstuAttentionGrad } from './hstu-attention.ts';
import type { ComposedKernel } from './kernel.ts';
import { l2Normalize, l2NormalizeGrad } from './l2-normalize.ts';
import { layerNorm, layerNormGrad } from './layer-norm.ts';
import { linearLayer, linearLayerGrad } from './linear-layer.ts';
import { logSumExpScores, logSumExpScoresGrad } from './log-sum-exp-scores.ts';
import { normSiluSplit, normSiluSplitGrad } from './norm-silu-split.ts';
import { dropout, dropoutGrad, uniformIntegers } from './random.ts';
import { rankCounts, topItems } from './ranking.ts';
import { rmsNorm, rmsNormGrad } from './rms-norm.ts';
import { rowwiseAdamWStep } from './rowwise-adamw-step.ts';
import { sampledScores, sampledScoresGrad } from './sampled-scores.ts';
import { sampledSoftmax, sampledSoftmaxGrad } from './sampled-softmax.ts';
import { segmentSum } from './segment-sum.ts';
import { silu, siluGrad } from './silu.ts';
import { siluSplit, siluSplitGrad } from './silu-split.ts';

/** Every kernel of `kernel-names.ts`, made of tfjs ops. */
export const composedKernels: readonly ComposedKernel[] = [
  silu,
  siluGrad,
  siluSplit,
  siluSplitGrad,
  normSiluSplit,
  normSiluSplitGrad,
  gatedNorm,
  gatedNormGrad,
  gatedNormLinear,
  gatedNormLinearGrad,
  linearLayer,
  linearLayerGrad,
  embedTokens,
  embedTokensGrad,
  layerNorm,
  layerNormGrad,
  l2Normalize,
  l2NormalizeGrad,
  rmsNorm,
  rmsNormGrad,
  dropout,
  dropoutGrad,
  uniformIntegers,
  hstuAttention,
  hstuAttentionGrad,
  causalAttention,
  causalAttentionGrad,
  gatedRecurrence,
  gatedRecurrenceGrad,
  sampledSoftmax,
  sampledSoftmaxGrad,
  sampledScores,
  sampledScoresGrad,
  logSumExpScores,
  logSumExpScoresGrad,
  rankCounts,
  topItems,
  adamWStep,
  rowwiseAdamWStep,
  assignRows,
];

/** Backends that get the composed kernels when `@seqrec/core` is imported. */
export const composedBackends = ['cpu', 'wasm', 'tensorflow', 'webgpu'] as const;

/**
 * Registers, for `backendName`, the composed form of every fused kernel that it lacks, and on `cpu` and
 * `wasm` a segment sum of ours. The registry is keyed by name only, so this may run before or after the
 * backend itself is registered.
 */
export function registerComposed(backendName: string): void {
  for (const { kernelName, kernelFunc } of composedKernels) {
    if (tf.getKernel(kernelName, backendName) === undefined) tf.registerKernel({ kernelName, backendName, kernelFunc });
  }
  if (backendName === 'cpu' || backendName === 'wasm') replaceKernel(segmentSum, backendName);
}

function replaceKernel({ kernelName, kernelFunc }: ComposedKernel, backendName: string): void {
  const present = tf.getKernel(kernelName, backendName);
  if (present?.kernelFunc === kernelFunc) return;
  if (present !== undefined) tf.unregisterKernel(kernelName, backendName);
  tf.registerKernel({ kernelName, backendName, kernelFunc });
}
