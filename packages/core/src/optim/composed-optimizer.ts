import * as tf from '@tensorflow/tfjs-core';
import type { DenseOptimizer } from './dense-optimizer.ts';
import { SlotStore, variableOf } from './slot-store.ts';

/** A dense optimiser whose rule is made of TensorFlow.js operations, so that it runs on every backend. */
export abstract class ComposedOptimizer<S extends string> implements DenseOptimizer {
  learningRate: number;
  readonly #name: string;
  readonly #slots: SlotStore<S>;
  readonly #initial: number;
  #iterations = 0;

  /** @param initial what fills the slots of a weight before its first step. */
  constructor(name: string, learningRate: number, slots: readonly S[], initial = 0) {
    this.#name = name;
    this.learningRate = learningRate;
    this.#slots = new SlotStore(name, slots);
    this.#initial = initial;
  }

  get iterations(): number {
    return this.#iterations;
  }

  applyGradients(gradients: tf.NamedTensorMap): void {
    for (const [name, grad] of Object.entries(gradients)) {
      if (grad == null) continue;
      const weight = variableOf(this.#name, name, grad);
      this.check(weight);
      const slots = this.#slots.of(weight, this.#initial);
      tf.tidy(() => this.update(weight, grad, slots));
    }
    this.#iterations++;
  }

  /** Refuses a weight that the rule is not for. */
  protected check(_weight: tf.Variable): void {}

  /** Assigns new values to a weight and its slots, inside a tidy; `iterations` steps have been before. */
  protected abstract update(weight: tf.Variable, grad: tf.Tensor, slots: Readonly<Record<S, tf.Variable>>): void;

  state(): ReadonlyMap<string, Readonly<Record<S, tf.Variable>>> {
    return this.#slots.all();
  }

  loadState(state: ReadonlyMap<string, Readonly<Record<S, tf.Tensor>>>, iterations: number): void {
    this.#slots.load(state);
    this.#iterations = iterations;
  }

  dispose(): void {
    this.#slots.dispose();
  }
}
