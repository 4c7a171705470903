import { getKernelsForBackend, unregisterKernel } from '@tensorflow/tfjs-core';
import { registerAdamW } from './adamw.ts';
import { registerCast } from './cast.ts';
import { registerCausalAttention } from './causal-attention.ts';
import { registerElementwise } from './elementwise.ts';
import { registerEmbedTokens } from './embed-tokens.ts';
import { registerGatedNormLinear } from './gated-norm-linear.ts';
import { registerGatedRecurrence } from './gated-recurrence.ts';
import { registerHstuAttention } from './hstu-attention.ts';
import { registerHstuLayer } from './hstu-layer.ts';
import { registerLinearLayer } from './linear-layer.ts';
import { registerLogic } from './logic.ts';
import { registerMatMul } from './mat-mul.ts';
import { registerNorms } from './norm.ts';
import { registerNormSiluSplit } from './norm-silu-split.ts';
import { registerRandom } from './random.ts';
import { registerRanking } from './ranking.ts';
import { registerReductions } from './reduce.ts';
import { registerRows } from './rows.ts';
import { registerSampledSoftmax } from './sampled-softmax.ts';
import { registerShapeKernels } from './shape.ts';
import { registerStock } from './support.ts';

/** Copies every stock `cpu` kernel under the backend's name, then puts ours over the hot ones. */
export function registerSimdKernels(backendName: string): void {
  for (const { kernelName } of getKernelsForBackend(backendName)) unregisterKernel(kernelName, backendName);
  registerStock(backendName);
  registerCast(backendName);
  registerElementwise(backendName);
  registerLogic(backendName);
  registerMatMul(backendName);
  registerReductions(backendName);
  registerRows(backendName);
  registerShapeKernels(backendName);
  registerNorms(backendName);
  registerRandom(backendName);
  registerHstuAttention(backendName);
  registerHstuLayer(backendName);
  registerNormSiluSplit(backendName);
  registerGatedNormLinear(backendName);
  registerLinearLayer(backendName);
  registerEmbedTokens(backendName);
  registerCausalAttention(backendName);
  registerGatedRecurrence(backendName);
  registerSampledSoftmax(backendName);
  registerRanking(backendName);
  registerAdamW(backendName);
}
