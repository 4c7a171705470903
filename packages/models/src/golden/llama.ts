import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { size } from '../config/fields.ts';
import { TransformerPlusPlusBlock } from '../encoders/transformer-plus-plus/block.ts';
import type { TokenBatch } from '../inputs.ts';
import { RmsNorm } from '../layers/rms-norm.ts';
import { rotationsOf } from '../layers/rotary.ts';
import { tensorOf } from './file.ts';
import { compareModule, configOf, type Place, parseModule } from './module.ts';
import type { GoldenReport } from './report.ts';

const configSchema = z
  .object({
    dim: size,
    ffn: size,
    layers: size,
    heads: size,
    kvHeads: size,
    headDim: size,
    eps: z.number().gt(0),
    theta: z.literal(10_000),
  })
  .refine(({ heads, kvHeads }) => heads === kvHeads, {
    path: ['kvHeads'],
    message: 'as many as heads: Transformer++ shares no keys',
  });

/**
 * `LlamaModel` on given vectors beside the blocks and the final norm of Transformer++; sequences
 * are padded at the right.
 */
export async function checkLlama(json: unknown): Promise<GoldenReport> {
  const golden = parseModule(json);
  const config = configOf(configSchema, golden);
  const { dim: embeddingDim, ffn: ffnDim, layers, heads: numHeads, headDim, eps: epsilon } = config;
  const sizes = { embeddingDim, numHeads, headDim, ffnDim, epsilon };
  const { shape, data: mask } = tensorOf(golden.inputs, 'mask');
  const length = shape[1];
  const packed = [...mask.keys()].filter((row) => mask[row] !== 0);
  const lengths = Array.from(
    { length: shape[0] },
    (_, b) => packed.filter((row) => Math.floor(row / length) === b).length,
  );
  const blocks = Array.from(
    { length: layers },
    (_, i) => new TransformerPlusPlusBlock({ ...sizes, dropout: 0, stream: `golden.llama.${i}` }),
  );
  const norm = new RmsNorm({ embeddingDim, epsilon, stream: 'golden.llama.norm' });
  const shared = tf.tidy(() => {
    const ends = [0];
    for (const each of lengths) ends.push(ends[ends.length - 1] + each);
    const positions = tf.tensor1d(
      packed.map((row) => row % length),
      'int32',
    );
    const { cosine, sine } = rotationsOf({ longest: length, positions } as TokenBatch, numHeads, headDim);
    return [tf.tensor1d(ends, 'int32'), cosine, sine];
  });
  try {
    return await compareModule({
      golden,
      packed,
      places: { ...Object.assign({}, ...blocks.map(placesOf)), 'norm.weight': { variable: norm.weight('weight') } },
      forward(x) {
        const outputs = [x];
        for (const block of blocks) outputs.push(block.apply([outputs[outputs.length - 1], ...shared]) as tf.Tensor2D);
        return { afterFirstLayer: outputs[1], y: norm.apply(outputs[layers]) as tf.Tensor2D };
      },
    });
  } finally {
    tf.dispose(shared);
  }
}

/** The library keeps queries, keys and values apart, and gate and value of the feed-forward part. */
function placesOf(block: TransformerPlusPlusBlock, i: number): Readonly<Record<string, Place>> {
  const { ffnDim } = block.args;
  const qkv = block.weight('attention.wqkv');
  const gated = block.weight('ffn.w13');
  const prefix = `layers.${i}.`;
  return {
    [`${prefix}input_layernorm.weight`]: { variable: block.weight('norm1.weight') },
    [`${prefix}self_attn.q_proj.weight`]: { variable: qkv },
    [`${prefix}self_attn.k_proj.weight`]: { variable: qkv, begin: qkv.shape[0] / 3 },
    [`${prefix}self_attn.v_proj.weight`]: { variable: qkv, begin: (2 * qkv.shape[0]) / 3 },
    [`${prefix}self_attn.o_proj.weight`]: { variable: block.weight('attention.wo') },
    [`${prefix}post_attention_layernorm.weight`]: { variable: block.weight('norm2.weight') },
    [`${prefix}mlp.gate_proj.weight`]: { variable: gated },
    [`${prefix}mlp.up_proj.weight`]: { variable: gated, begin: ffnDim },
    [`${prefix}mlp.down_proj.weight`]: { variable: block.weight('ffn.w2') },
  };
}
