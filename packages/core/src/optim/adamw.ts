import * as tf from '@tensorflow/tfjs-core';
import { AdamWStep, type AdamWStepAttrs } from '../backends/kernel-names.ts';
import { ShapeError, UnsupportedError } from '../errors.ts';
import { runKernel } from '../ops/run-kernel.ts';
import { type AdamWOptions, resolveAdamW } from './adamw-options.ts';
import type { DenseOptimizer } from './dense-optimizer.ts';
import { SlotStore, variableOf } from './slot-store.ts';

/** tfjs does not export the type of its own optimiser weights. */
type NamedTensor = Awaited<ReturnType<tf.Optimizer['getWeights']>>[number];

/** First and second moment of one variable. */
export type Moments<T extends tf.Tensor = tf.Tensor> = Readonly<Record<'m' | 'v', T>>;

export interface DenseAdamWOptions extends AdamWOptions {
  /** Coupled decay, as the `weight_decay` of `torch.optim.Adam`: `l2 w` is added to the gradient. Default 0. */
  readonly l2?: number;
}

/**
 * AdamW, one fused kernel per variable and step:
 * `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) g^2`,
 * `w = w (1 - lr wd) - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)`.
 *
 * A dense rule, as `torch.optim.AdamW`: moments of rows without a gradient decay too. Variables that get no gradient
 * in a step are left alone, with their moments; `t` counts the steps of all (those of each in PyTorch).
 *
 * Source: Loshchilov and Hutter 2019, algorithm 2 (arXiv:1711.05101).
 */
export class AdamW extends tf.Optimizer implements DenseOptimizer {
  /** Name under which tfjs serialises the class. */
  static readonly className = 'AdamW';

  /** May be changed between steps, for example by a schedule. */
  learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly l2: number;
  readonly #moments = new SlotStore('AdamW', ['m', 'v']);

  /** @throws UnsupportedError when an option is outside its range. */
  constructor({ l2 = 0, ...options }: DenseAdamWOptions) {
    super();
    const { learningRate, beta1, beta2, epsilon, weightDecay } = resolveAdamW('AdamW', options);
    this.learningRate = learningRate;
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.epsilon = epsilon;
    this.weightDecay = weightDecay;
    if (!(l2 >= 0)) throw new UnsupportedError(`AdamW: expected l2 >= 0; got ${l2}; the default is 0`);
    this.l2 = l2;
  }

  /**
   * One step over all gradients.
   * @throws ShapeError when a gradient names no registered variable or has another shape.
   */
  override applyGradients(gradients: tf.NamedTensorMap | NamedTensor[]): void {
    const named = Array.isArray(gradients)
      ? gradients.map(({ name, tensor }) => [name, tensor] as const)
      : Object.entries(gradients);
    const step = this.iterations + 1;
    for (const [name, grad] of named) {
      if (grad != null) this.#update(name, grad, step);
    }
    this.incrementIterations();
  }

  #update(name: string, grad: tf.Tensor, step: number): void {
    const param = variableOf('AdamW', name, grad);
    const { m, v } = this.#moments.of(param);
    const whole = this.l2 === 0 ? grad : tf.tidy(() => tf.add(grad, tf.mul(param, this.l2)));
    const attrs: AdamWStepAttrs = {
      learningRate: this.learningRate,
      beta1: this.beta1,
      beta2: this.beta2,
      epsilon: this.epsilon,
      weightDecay: this.weightDecay,
      step,
    };
    const updated = runKernel<tf.Tensor[]>(AdamWStep, { param, m, v, grad: whole }, attrs);
    if (whole !== grad) whole.dispose();
    for (const [i, variable] of [param, m, v].entries()) {
      // A backend that works in place returns the inputs' own data, counted once more.
      if (updated[i].dataId !== variable.dataId) variable.assign(updated[i]);
      updated[i].dispose();
    }
  }

  /** The moments by variable name. The optimiser owns them: clone what you keep. */
  state(): ReadonlyMap<string, Moments<tf.Variable>> {
    return this.#moments.all();
  }

  /** Replaces moments and step count, for a resumed run. The tensors are copied, not kept. */
  loadState(state: ReadonlyMap<string, Moments>, iterations: number): void {
    this.#moments.load(state);
    this.iterations_ = iterations;
  }

  /** tfjs form of the state: `iter`, then `NAME/m` and `NAME/v`. */
  override async getWeights(): Promise<NamedTensor[]> {
    const weights = [await this.saveIterations()];
    for (const [name, { m, v }] of this.#moments.all()) {
      weights.push({ name: `${name}/m`, tensor: m }, { name: `${name}/v`, tensor: v });
    }
    return weights;
  }

  /** Inverse of {@link getWeights}. */
  override async setWeights(weights: NamedTensor[]): Promise<void> {
    const rest = await this.extractIterations(weights);
    const byName = new Map(rest.map(({ name, tensor }) => [name, tensor]));
    const state = new Map<string, Moments>();
    for (const [key, m] of byName) {
      if (!key.endsWith('/m')) continue;
      const name = key.slice(0, -2);
      const v = byName.get(`${name}/v`);
      if (v === undefined) {
        throw new ShapeError(`AdamW: expected '${name}/v' beside '${key}'; got none; the saved state is incomplete`);
      }
      state.set(name, { m, v });
    }
    this.loadState(state, this.iterations);
  }

  override dispose(): void {
    this.#moments.dispose();
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { learningRate, beta1, beta2, epsilon, weightDecay, l2 } = this;
    return { learningRate, beta1, beta2, epsilon, weightDecay, ...(l2 > 0 && { l2 }) };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(config);
  }
}
tf.serialization.registerClass(AdamW);
