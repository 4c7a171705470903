import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { size } from '../config/fields.ts';
import { TransformerBlock } from '../encoders/transformer/block.ts';
import { tensorOf } from './file.ts';
import { compareModule, configOf, parseModule } from './module.ts';
import type { GoldenReport } from './report.ts';

const configSchema = z.object({
  block: z.literal('pre-norm'),
  multiplier: size,
  causal: z.literal(true),
  keyPadding: z.literal(false),
  dim: size,
  heads: size,
  blocks: size,
});

/** PyTorch's. */
const EPSILON = 1e-5;
const NAMES = {
  in_proj_weight: 'multi_head_attn.in_proj_weight',
  in_proj_bias: 'multi_head_attn.in_proj_bias',
  'out_proj.weight': 'multi_head_attn.out_proj.weight',
  'out_proj.bias': 'multi_head_attn.out_proj.bias',
  'norm1.weight': 'layer_norm_1.weight',
  'norm1.bias': 'layer_norm_1.bias',
  'norm2.weight': 'layer_norm_2.weight',
  'norm2.bias': 'layer_norm_2.bias',
  'ffn.0.weight': 'feed_forward.ff_linear_1.weight',
  'ffn.0.bias': 'feed_forward.ff_linear_1.bias',
  'ffn.2.weight': 'feed_forward.ff_linear_2.weight',
  'ffn.2.bias': 'feed_forward.ff_linear_2.bias',
};

/**
 * The pre-norm block of RecTools beside that of the Transformer: GELU in its exact form whatever its `activation`
 * says (that is about its other block). Sequences are padded at the left, and real rows see the padding: it is
 * packed with them, as zeros.
 */
export async function checkPreNorm(json: unknown): Promise<GoldenReport> {
  const golden = parseModule(json);
  const { dim: embeddingDim, heads: numHeads, multiplier, blocks } = configOf(configSchema, golden);
  const { shape, data: padding } = tensorOf(golden.inputs, 'padding');
  const [sequences, length] = shape;
  const stack = Array.from(
    { length: blocks },
    (_, i) =>
      new TransformerBlock({
        embeddingDim,
        numHeads,
        ffnDim: multiplier * embeddingDim,
        dropout: 0,
        activation: 'gelu',
        epsilon: EPSILON,
        stream: `golden.pre-norm.${i}`,
      }),
  );
  const offsets = tf.tensor1d(
    Array.from({ length: sequences + 1 }, (_, b) => b * length),
    'int32',
  );
  const places = stack.flatMap((block, i) =>
    Object.entries(NAMES).map(([own, name]) => [`transformer_blocks.${i}.${name}`, { variable: block.weight(own) }]),
  );
  try {
    return await compareModule({
      golden,
      compared: padding.map((value) => value === 0),
      places: Object.fromEntries(places),
      forward: (x) => ({
        y: stack.reduce((values, block) => block.apply([values, offsets]) as tf.Tensor2D, x),
      }),
    });
  } finally {
    offsets.dispose();
  }
}
