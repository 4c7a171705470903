import * as tf from '@tensorflow/tfjs-core';
import { affineNorm, affineNormSpecs } from '../../layers/affine-norm.ts';
import { inputList, type LayerArgs, type Run, runOf, StreamLayer, type WeightSpec } from '../../layers/layer.ts';
import { linearOutIn } from '../../layers/linear.ts';
import { tokenAttention } from '../../layers/token-attention.ts';

export interface InteractingLayerArgs extends LayerArgs {
  readonly inputDim: number;
  /** All heads together. */
  readonly attentionDim: number;
  readonly heads: number;
  readonly layerNorm: boolean;
  readonly useScale: boolean;
  readonly useResidual: boolean;
  /** Of the weights of the attention. */
  readonly dropout: number;
}

/**
 * Attention among fields, `[B, F, inputDim]` to `[B, F, attentionDim]`: `relu(LN(softmax(s Q K^T) V + R x))`, `s` one
 * or, with `useScale`, one over the square root of the width of a head; `R` where the widths differ, else the identity.
 * Matrices are xavier-normal, without bias.
 *
 * Source: Song et al. 2019 (arXiv:1810.11921), section 4.3; FuxiCTR's `AutoInt`.
 */
export class InteractingLayer extends StreamLayer {
  static className = 'SeqrecInteractingLayer';
  readonly args: InteractingLayerArgs;

  constructor(args: InteractingLayerArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { inputDim, attentionDim, layerNorm, useResidual } = this.args;
    const maps = ['query', 'key', 'value', ...(useResidual && inputDim !== attentionDim ? ['residual'] : [])];
    return [
      ...maps.map(
        (name): WeightSpec => ({
          name,
          shape: [attentionDim, inputDim],
          initialization: { kind: 'xavier-normal' },
        }),
      ),
      ...(layerNorm ? affineNormSpecs('norm', attentionDim) : []),
    ];
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs?: { readonly [key: string]: unknown }): tf.Tensor {
    return this.forward(inputList(inputs)[0] as tf.Tensor3D, runOf(kwargs));
  }

  forward(x: tf.Tensor3D, run: Run): tf.Tensor3D {
    const { inputDim, attentionDim, heads, layerNorm, useScale, useResidual, dropout } = this.args;
    const [rows, fields] = x.shape;
    return tf.tidy(() => {
      const flat = tf.reshape(x, [rows * fields, inputDim]) as tf.Tensor2D;
      const mapped = (name: string): tf.Tensor3D =>
        tf.reshape(linearOutIn(flat, this.weight(name) as tf.Tensor2D), [rows, fields, attentionDim]);
      const { y } = tokenAttention(mapped('query'), mapped('key'), mapped('value'), {
        heads,
        ...(!useScale && { scale: 1 }),
        onWeights: (weights) => this.drop(weights, dropout, 'weights', run),
      });
      const residual = inputDim === attentionDim ? x : useResidual ? mapped('residual') : undefined;
      const summed = useResidual && residual !== undefined ? (tf.add(y, residual) as tf.Tensor3D) : y;
      return tf.relu(layerNorm ? affineNorm(summed, this, 'norm') : summed);
    });
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return [...inputShape.slice(0, -1), this.args.attentionDim];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { inputDim, attentionDim, heads, layerNorm, useScale, useResidual, dropout } = this.args;
    return { ...super.getConfig(), inputDim, attentionDim, heads, layerNorm, useScale, useResidual, dropout };
  }
}
tf.serialization.registerClass(InteractingLayer);
