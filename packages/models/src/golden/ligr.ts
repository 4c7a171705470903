import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { size } from '../config/fields.ts';
import { TransformerBlock } from '../encoders/transformer/block.ts';
import { tensorOf } from './file.ts';
import { compareModule, configOf, type Place, parseModule } from './module.ts';
import type { GoldenReport } from './report.ts';

const configSchema = z.object({
  block: z.enum(['ligr', 'pre-norm']),
  bias: z.boolean(),
  activation: z.enum(['swiglu', 'relu', 'gelu']),
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
  'gate1.weight': 'gating_linear_1.weight',
  'gate1.bias': 'gating_linear_1.bias',
  'gate2.weight': 'gating_linear_2.weight',
  'gate2.bias': 'gating_linear_2.bias',
};

/** What the pre-norm block of RecTools is whatever its `activation` and `bias` say, which are about its other block. */
const PRE_NORM = { activation: 'gelu', gatedResidual: false, ffnBias: true } as const;

/**
 * The blocks of RecTools, LiGR and pre-norm, beside that of the Transformer. Sequences are padded at the left, and real
 * rows see the padding: it is packed with them, as zeros.
 */
export async function checkLigr(json: unknown): Promise<GoldenReport> {
  const golden = parseModule(json);
  const { dim: embeddingDim, heads: numHeads, multiplier, blocks, ...config } = configOf(configSchema, golden);
  const switches =
    config.block === 'pre-norm'
      ? PRE_NORM
      : { activation: config.activation, gatedResidual: true, ffnBias: config.bias };
  const { shape, data: padding } = tensorOf(golden.inputs, 'padding');
  const [sequences, length] = shape;
  const sizes = { embeddingDim, numHeads, ffnDim: multiplier * embeddingDim, dropout: 0, epsilon: EPSILON };
  const stack = Array.from(
    { length: blocks },
    (_, i) => new TransformerBlock({ ...sizes, ...switches, stream: `golden.ligr.${i}` }),
  );
  const offsets = tf.tensor1d(
    Array.from({ length: sequences + 1 }, (_, b) => b * length),
    'int32',
  );
  try {
    return await compareModule({
      golden,
      compared: padding.map((value) => value === 0),
      places: Object.assign({}, ...stack.map(placesOf)),
      forward: (x) => ({
        y: stack.reduce((values, block) => block.apply([values, offsets]) as tf.Tensor2D, x),
      }),
    });
  } finally {
    offsets.dispose();
  }
}

/** The library keeps the value of a gated feed-forward part in a map of its own. */
function placesOf(block: TransformerBlock, i: number): Readonly<Record<string, Place>> {
  const own = new Set(block.names);
  const prefix = `transformer_blocks.${i}.`;
  const entries = Object.entries(NAMES).filter(([name]) => own.has(name));
  const places = entries.map(([name, theirs]) => [`${prefix}${theirs}`, { variable: block.weight(name) }] as const);
  if (block.args.activation !== 'swiglu') return Object.fromEntries(places);
  const values = ['weight', 'bias'].filter((part) => own.has(`ffn.0.${part}`));
  return Object.fromEntries([
    ...places,
    ...values.map((part) => [
      `${prefix}feed_forward.ff_linear_3.${part}`,
      { variable: block.weight(`ffn.0.${part}`), begin: block.args.ffnDim },
    ]),
  ]);
}
