import * as tf from '@tensorflow/tfjs-core';
import { type LayerArgs, StreamLayer, type WeightSpec } from './layer.ts';

export interface ActionBitsArgs extends LayerArgs {
  /** Kinds of action, `A`: bit `a` of a mask says whether action `a` was done. */
  readonly numActions: number;
  /** Width of the row of an action. */
  readonly actionDim: number;
  /** Whether there is a vector of unknown actions; default true. */
  readonly hasUnknown?: boolean;
}

/**
 * What was done at an event, several actions at once: the rows of the actions of a bit mask side by side, zeros for
 * those that were not done, `[T, A actionDim]`; and one learned vector for an event whose actions are not known yet.
 * Normal, std 0.1.
 *
 * Source: `ActionEncoder` of the public code (meta-recsys/generative-recommenders, `modules/action_encoder.py`).
 */
export class ActionBits extends StreamLayer {
  static className = 'SeqrecActionBits';
  readonly args: ActionBitsArgs;

  constructor(args: ActionBitsArgs) {
    super(args);
    this.args = args;
  }

  get width(): number {
    return this.args.numActions * this.args.actionDim;
  }

  protected weightSpecs(): WeightSpec[] {
    const { numActions, actionDim, hasUnknown = true } = this.args;
    const initialization = { kind: 'normal', standardDeviation: 0.1 } as const;
    return [
      { name: 'table', shape: [numActions, actionDim], initialization, isTable: true },
      ...(hasUnknown ? [{ name: 'unknown', shape: [1, this.width], initialization, isTable: true }] : []),
    ];
  }

  /** Vectors of bit masks, `[T, A actionDim]`. */
  done(masks: Int32Array): tf.Tensor2D {
    const { numActions, actionDim } = this.args;
    const bits = new Float32Array(masks.length * numActions);
    for (const [t, mask] of masks.entries()) {
      for (let a = 0; a < numActions; a++) bits[t * numActions + a] = (mask >> a) & 1;
    }
    return tf.tidy(() => {
      const table = tf.reshape(this.weight('table'), [1, numActions, actionDim]);
      const rows = tf.mul(tf.tensor3d(bits, [masks.length, numActions, 1]), table);
      return tf.reshape(rows, [masks.length, this.width]) as tf.Tensor2D;
    });
  }

  /** The vector of unknown actions, so many times, `[count, A actionDim]`. */
  unknown(count: number): tf.Tensor2D {
    return tf.tile(this.weight('unknown') as tf.Tensor2D, [count, 1]);
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { numActions, actionDim, hasUnknown } = this.args;
    return { ...super.getConfig(), numActions, actionDim, ...(hasUnknown !== undefined && { hasUnknown }) };
  }
}
tf.serialization.registerClass(ActionBits);
