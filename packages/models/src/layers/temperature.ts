import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../errors.ts';
import { type LayerArgs, StreamLayer, type WeightSpec } from './layer.ts';

/** The temperature never falls below this. */
export const MINIMUM_TEMPERATURE = 0.01;

/**
 * A learned temperature that starts at a base and stays above 0.01: `0.01 + (base - 0.01) exp(theta)`, `theta` `[1]`
 * starting at 0.
 *
 * Source: Pancha et al. 2022, section 3 (arXiv:2205.04507), "learned, at least 0.01". Differs from the paper in: the
 * bound is approached, not clipped at, so that the gradient never vanishes there.
 */
export class LearnedTemperature extends StreamLayer {
  static className = 'SeqrecLearnedTemperature';

  constructor(args: LayerArgs) {
    super(args);
  }

  protected weightSpecs(): WeightSpec[] {
    return [{ name: 'theta', shape: [1], initialization: { kind: 'zeros' } }];
  }

  /**
   * The temperature, shape `[1]`.
   *
   * @throws ConfigError when the base is not above the minimum.
   */
  value(base: number): tf.Tensor1D {
    if (!(base > MINIMUM_TEMPERATURE)) {
      throw new ConfigError(
        `objective: temperature: expected more than ${MINIMUM_TEMPERATURE}, below which no learned temperature falls; got ${base}; start higher, or set model.learnedTemperature to false`,
        'temperature',
      );
    }
    return tf.tidy(() => {
      const factor = tf.exp(this.weight('theta'));
      return tf.add(tf.mul(factor, base - MINIMUM_TEMPERATURE), MINIMUM_TEMPERATURE) as tf.Tensor1D;
    });
  }
}
tf.serialization.registerClass(LearnedTemperature);
