import { registerAdamW } from './adamw.ts';
import { registerCausalAttention } from './causal-attention.ts';
import { registerGatedNorm } from './gated-norm.ts';
import { registerGatedRecurrence } from './gated-recurrence.ts';
import { registerHstuAttention } from './hstu-attention.ts';
import { registerHstuAttentionGrad } from './hstu-attention-grad.ts';
import { registerNorms } from './norms.ts';
import { registerOrderedProducts } from './ordered-products.ts';
import { registerRandom } from './random.ts';
import { registerRankCounts } from './rank-counts.ts';
import { registerSampledSoftmax } from './sampled-softmax.ts';
import { registerSegmentSum } from './segment-sum.ts';
import { registerSilu } from './silu.ts';
import { registerTopItems } from './top-items.ts';

/** Registers our programs for the backend `name`, over the composed kernels and some stock ones. */
export function registerWebgpuKernels(name: string): void {
  registerOrderedProducts(name);
  registerSilu(name);
  registerNorms(name);
  registerGatedNorm(name);
  registerRandom(name);
  registerAdamW(name);
  registerSegmentSum(name);
  registerHstuAttention(name);
  registerHstuAttentionGrad(name);
  registerCausalAttention(name);
  registerGatedRecurrence(name);
  registerSampledSoftmax(name);
  registerRankCounts(name);
  registerTopItems(name);
}
