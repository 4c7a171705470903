import type * as tf from '@tensorflow/tfjs-core';

/** What an optimiser keeps beside one weight, by slot: moments, sums of squares. */
export type Slots<T extends tf.Tensor = tf.Tensor> = Readonly<Record<string, T>>;

/** An optimiser of whole weights. Gradients go by the name of their variable. */
export interface DenseOptimizer {
  /** May be changed between steps, for example by a schedule. */
  learningRate: number;
  /** Steps so far. */
  readonly iterations: number;
  /**
   * One step. Variables without a gradient are left alone, with their state. The gradients stay the caller's.
   * @throws ShapeError when a gradient names no registered variable or has another shape.
   */
  applyGradients(gradients: tf.NamedTensorMap): void;
  /** The state by variable name. The optimiser owns the tensors: clone what you keep. */
  state(): ReadonlyMap<string, Slots<tf.Variable>>;
  /** Replaces state and step count, for a resumed run: it goes on bit for bit. The tensors are copied, not kept. */
  loadState(state: ReadonlyMap<string, Slots>, iterations: number): void;
  /** Frees the state; the variables stay. */
  dispose(): void;
}
