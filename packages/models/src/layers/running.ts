import * as tf from '@tensorflow/tfjs-core';

interface SeenValue {
  readonly variable: tf.Variable;
  readonly value: tf.Tensor;
  readonly momentum: number;
}

/**
 * What the forward pass of a training step saw of statistics that have running values. They are noted in the pass and
 * move the running values once the step counts, so that a step which is refused leaves them as they were.
 */
export class RunningStatistics {
  readonly #seen: SeenValue[] = [];

  /** Notes that `variable` goes on as `(1 - momentum) variable + momentum value`; the value is copied. */
  see(variable: tf.Variable, value: tf.Tensor, momentum: number): void {
    this.#seen.push({ variable, value: tf.keep(tf.clone(value)), momentum });
  }

  /** Moves the running values, in the order in which they were seen. */
  apply(): void {
    for (const { variable, value, momentum } of this.#seen) {
      tf.tidy(() => variable.assign(tf.add(tf.mul(variable, 1 - momentum), tf.mul(value, momentum))));
    }
    this.dispose();
  }

  /** Frees what was seen and not applied. */
  dispose(): void {
    tf.dispose(this.#seen.map(({ value }) => value));
    this.#seen.length = 0;
  }
}
