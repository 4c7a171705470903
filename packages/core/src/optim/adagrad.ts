import * as tf from '@tensorflow/tfjs-core';
import { type AdagradOptions, resolveAdagrad } from './adagrad-options.ts';
import { ComposedOptimizer } from './composed-optimizer.ts';

/**
 * Adagrad: with `g` the gradient plus `weightDecay w`, at step `t = 1, 2, ...`
 * `sum = sum + g^2`, `w = w - lr / (1 + (t - 1) learningRateDecay) g / (sqrt(sum) + epsilon)`.
 *
 * A dense rule, as `torch.optim.Adagrad`. State: `sum`, as large as the weight.
 *
 * Source: Duchi et al. 2011, section 1.3.
 */
export class Adagrad extends ComposedOptimizer<'sum'> {
  readonly #options: Required<AdagradOptions>;

  /** @throws UnsupportedError when an option is outside its range. */
  constructor(options: AdagradOptions) {
    const resolved = resolveAdagrad('Adagrad', options);
    super('Adagrad', resolved.learningRate, ['sum'], resolved.initialAccumulator);
    this.#options = resolved;
  }

  protected override update(weight: tf.Variable, grad: tf.Tensor, { sum }: Readonly<Record<'sum', tf.Variable>>): void {
    const { weightDecay, learningRateDecay, epsilon } = this.#options;
    const whole = weightDecay === 0 ? grad : tf.add(grad, tf.mul(weight, weightDecay));
    sum.assign(tf.add(sum, tf.square(whole)));
    const rate = this.learningRate / (1 + this.iterations * learningRateDecay);
    weight.assign(tf.sub(weight, tf.div(tf.mul(whole, rate), tf.add(tf.sqrt(sum), epsilon))));
  }
}
