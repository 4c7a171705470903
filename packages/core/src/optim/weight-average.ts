import * as tf from '@tensorflow/tfjs-core';
import { ShapeError, UnsupportedError } from '../errors.ts';
import { describe } from '../shapes.ts';

/** `exponential` forgets at a rate; `equal` gives every update the same weight. */
export type WeightAverageOptions =
  | { readonly kind: 'exponential'; readonly decay: number }
  | { readonly kind: 'equal' };

/**
 * A running average of weights, by name. The first update copies; then
 * `average = decay average + (1 - decay) w`, without a correction of bias, or for `equal`, at update `n + 1`,
 * `average = average + (w - average) / (n + 1)`.
 *
 * State: as large as the weights.
 *
 * Source: `torch.optim.swa_utils.AveragedModel`; Izmailov et al. 2018 (arXiv:1803.05407) for the equal average.
 */
export class WeightAverage {
  readonly #options: WeightAverageOptions;
  readonly #averages = new Map<string, tf.Variable>();
  #updates = 0;

  /** @throws UnsupportedError for a decay outside `[0, 1]`. */
  constructor(options: WeightAverageOptions) {
    if (options.kind === 'exponential' && !(options.decay >= 0 && options.decay <= 1)) {
      throw new UnsupportedError(`WeightAverage: expected decay from 0 to 1; got ${options.decay}`);
    }
    this.#options = options;
  }

  /** Updates so far. */
  get updates(): number {
    return this.#updates;
  }

  /** Takes in the weights as they are. @throws ShapeError for other names or shapes than at the first update. */
  update(weights: ReadonlyMap<string, tf.Tensor>): void {
    if (this.#updates === 0) {
      for (const [name, weight] of weights) this.#averages.set(name, copied(weight));
    } else {
      this.#check(weights);
      const kept = this.#options.kind === 'exponential' ? this.#options.decay : 1 - 1 / (this.#updates + 1);
      for (const [name, average] of this.#averages) {
        tf.tidy(() => average.assign(tf.add(tf.mul(average, kept), tf.mul(weights.get(name)!, 1 - kept))));
      }
    }
    this.#updates++;
  }

  /**
   * Exchanges the values of the weights with the averages, without a copy: for an evaluation with averaged weights, and
   * once more to go on training.
   * @throws ShapeError for other names or shapes than at the first update, or before it.
   */
  exchange(weights: ReadonlyMap<string, tf.Variable>): void {
    this.#check(weights);
    for (const [name, average] of this.#averages) {
      const weight = weights.get(name)!;
      tf.tidy(() => {
        const held = tf.clone(weight);
        weight.assign(average);
        average.assign(held);
      });
    }
  }

  /** The averages by name. They are owned here: clone what you keep. */
  state(): ReadonlyMap<string, tf.Variable> {
    return this.#averages;
  }

  /** Replaces averages and count, for a resumed run. The tensors are copied, not kept. */
  loadState(state: ReadonlyMap<string, tf.Tensor>, updates: number): void {
    // Before what is here goes, which the caller may have given.
    const copies = Array.from(state, ([name, average]) => [name, copied(average)] as const);
    this.dispose();
    for (const [name, average] of copies) this.#averages.set(name, average);
    this.#updates = updates;
  }

  /** Frees the averages. */
  dispose(): void {
    tf.dispose([...this.#averages.values()]);
    this.#averages.clear();
  }

  #check(weights: ReadonlyMap<string, tf.Tensor>): void {
    const fits = [...this.#averages].every(([name, { shape }]) =>
      tf.util.arraysEqual(weights.get(name)?.shape ?? [-1], shape),
    );
    if (fits && weights.size === this.#averages.size && weights.size > 0) return;
    const shown = (of: ReadonlyMap<string, tf.Tensor>): string =>
      [...of].map(([name, weight]) => `${name}=${describe(weight)}`).join(', ') || 'none';
    throw new ShapeError(`WeightAverage: expected the weights ${shown(this.#averages)}; got ${shown(weights)}`);
  }
}

/** Own data: a backend may write the weights in place. */
function copied(x: tf.Tensor): tf.Variable {
  return tf.tidy(() => tf.variable(tf.mul(x, 1), false));
}
