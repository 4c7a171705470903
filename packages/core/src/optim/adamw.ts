import * as tf from '@tensorflow/tfjs-core';
import { AdamWStep, type AdamWStepAttrs } from '../backends/kernel-names.ts';
import { ShapeError } from '../errors.ts';
import { runKernel } from '../ops/run-kernel.ts';
import { describe } from '../shapes.ts';
import { type AdamWOptions, resolveAdamW } from './adamw-options.ts';

/** tfjs does not export the type of its own optimiser weights. */
type NamedTensor = Awaited<ReturnType<tf.Optimizer['getWeights']>>[number];

/** First and second moment of one variable. */
export interface Moments<T extends tf.Tensor = tf.Tensor> {
  readonly m: T;
  readonly v: T;
}

/**
 * AdamW, one fused kernel per variable and step:
 * `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) g^2`,
 * `w = w (1 - lr wd) - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)`.
 *
 * A dense rule, as `torch.optim.AdamW`: moments of rows without a gradient decay too. Variables that get no gradient
 * in a step are left alone, with their moments.
 *
 * Source: Loshchilov and Hutter 2019, algorithm 2 (arXiv:1711.05101).
 */
export class AdamW extends tf.Optimizer {
  /** Name under which tfjs serialises the class. */
  static readonly className = 'AdamW';

  /** May be changed between steps, for example by a schedule. */
  learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly #moments = new Map<string, Moments<tf.Variable>>();

  /** @throws UnsupportedError when an option is outside its range. */
  constructor(options: AdamWOptions) {
    super();
    const { learningRate, beta1, beta2, epsilon, weightDecay } = resolveAdamW('AdamW', options);
    this.learningRate = learningRate;
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.epsilon = epsilon;
    this.weightDecay = weightDecay;
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
    const param = tf.engine().registeredVariables[name];
    if (param === undefined || !tf.util.arraysEqual(param.shape, grad.shape)) {
      const variable = param === undefined ? 'no such variable' : `variable=${describe(param)}`;
      throw new ShapeError(
        `AdamW: expected the gradient of '${name}' to have the shape of its variable; got gradient=${describe(grad)}, ${variable}; gradients go by variable name`,
      );
    }
    const { m, v } = this.#momentsOf(name, param.shape);
    const attrs: AdamWStepAttrs = {
      learningRate: this.learningRate,
      beta1: this.beta1,
      beta2: this.beta2,
      epsilon: this.epsilon,
      weightDecay: this.weightDecay,
      step,
    };
    const updated = runKernel<tf.Tensor[]>(AdamWStep, { param, m, v, grad }, attrs);
    for (const [i, variable] of [param, m, v].entries()) {
      // A backend that works in place returns the inputs' own data, counted once more.
      if (updated[i].dataId !== variable.dataId) variable.assign(updated[i]);
      updated[i].dispose();
    }
  }

  #momentsOf(name: string, shape: number[]): Moments<tf.Variable> {
    let moments = this.#moments.get(name);
    if (moments === undefined) {
      moments = { m: untrained(tf.zeros(shape)), v: untrained(tf.zeros(shape)) };
      this.#moments.set(name, moments);
    }
    return moments;
  }

  /** The moments by variable name. The optimiser owns them: clone what you keep. */
  state(): ReadonlyMap<string, Moments<tf.Variable>> {
    return this.#moments;
  }

  /** Replaces moments and step count, for a resumed run. The tensors are copied, not kept. */
  loadState(state: ReadonlyMap<string, Moments>, iterations: number): void {
    this.#disposeMoments();
    for (const [name, { m, v }] of state) this.#moments.set(name, { m: copied(m), v: copied(v) });
    this.iterations_ = iterations;
  }

  /** tfjs form of the state: `iter`, then `NAME/m` and `NAME/v`. */
  override async getWeights(): Promise<NamedTensor[]> {
    const weights = [await this.saveIterations()];
    for (const [name, { m, v }] of this.#moments) {
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
    this.#disposeMoments();
  }

  #disposeMoments(): void {
    for (const { m, v } of this.#moments.values()) {
      m.dispose();
      v.dispose();
    }
    this.#moments.clear();
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { learningRate, beta1, beta2, epsilon, weightDecay } = this;
    return { learningRate, beta1, beta2, epsilon, weightDecay };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(config);
  }
}
tf.serialization.registerClass(AdamW);

/** A variable that no optimiser trains, kept when the surrounding tidy ends. */
function untrained(x: tf.Tensor): tf.Variable {
  const variable = tf.variable(x, false);
  x.dispose();
  return variable;
}

/** Own data, not a second name for the caller's as `tf.clone` would give: a backend may write moments in place. */
function copied(x: tf.Tensor): tf.Variable {
  return untrained(tf.mul(x, 1));
}
