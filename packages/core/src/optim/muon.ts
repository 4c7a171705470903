import * as tf from '@tensorflow/tfjs-core';
import { ShapeError, UnsupportedError } from '../errors.ts';
import { describe } from '../shapes.ts';
import { ComposedOptimizer } from './composed-optimizer.ts';
import { type NewtonSchulzOptions, newtonSchulz } from './newton-schulz.ts';

/** Parts of a fused matrix: `sizes` rows (axis 0) or columns (axis 1), which fill the axis. */
export interface MatrixBlocks {
  readonly axis: 0 | 1;
  readonly sizes: readonly number[];
}

export interface MuonOptions extends NewtonSchulzOptions {
  readonly learningRate: number;
  /** Decay of the momentum, default 0.95. */
  readonly momentum?: number;
  /** Whether the update looks one step ahead, default true. */
  readonly nesterov?: boolean;
  /** Decoupled, default 0.1 as in PyTorch. */
  readonly weightDecay?: number;
  /**
   * What a matrix's shape does to the rate. `spectral`, the default: `sqrt(max(1, outputs / inputs))`, the rows being
   * the outputs but for matrices of `inOut`; `adamw`: `0.2 sqrt(max(rows, columns))`, an update as large as AdamW's in
   * the mean.
   */
  readonly scale?: 'spectral' | 'adamw';
  /** Names of matrices `[inputs, outputs]`, applied as `x W`; others are `[outputs, inputs]`, as PyTorch's `Linear`. */
  readonly inOut?: readonly string[];
  /**
   * Fused matrices by variable name, as queries, keys and values in one product: each part is orthogonalised by itself
   * and has a scale of its own. As one matrix it is another method.
   */
  readonly blocks?: Readonly<Record<string, MatrixBlocks>>;
}

/**
 * Muon, for hidden matrices: `M = mu M + (1 - mu) G`, `N = (1 - mu) G + mu M` (without Nesterov `N = M`),
 * `w = w (1 - lr weightDecay) - lr s NS(N)` with {@link newtonSchulz} and `s` by `scale`.
 *
 * The momentum is a mean, as in `torch.optim.Muon`; the sum of other texts, `mu M + G`, is a multiple of it and gives
 * the same update. Embeddings, biases and norms are for AdamW. State: `momentum`, as large as the matrix; memory of a
 * step: a few matrices and squares of the smaller side.
 *
 * Source: Jordan et al. 2024; Liu et al. 2025 (arXiv:2502.16982) for the scale `adamw`.
 */
export class Muon extends ComposedOptimizer<'momentum'> {
  readonly #options: Required<Omit<MuonOptions, keyof NewtonSchulzOptions>>;
  readonly #iteration: NewtonSchulzOptions;

  /** @throws UnsupportedError when an option is outside its range. */
  constructor(options: MuonOptions) {
    const { learningRate, momentum = 0.95, weightDecay = 0.1, nesterov = true, scale = 'spectral' } = options;
    const { blocks = {}, inOut = [], steps = 5, coefficients, epsilon = 1e-7 } = options;
    const inside = learningRate >= 0 && momentum >= 0 && momentum < 1 && weightDecay >= 0 && epsilon > 0;
    if (!inside || !Number.isInteger(steps) || steps < 0) {
      throw new UnsupportedError(
        `Muon: expected learningRate >= 0, momentum in [0, 1), weightDecay >= 0, epsilon > 0, whole steps >= 0; got learningRate=${learningRate}, momentum=${momentum}, weightDecay=${weightDecay}, epsilon=${epsilon}, steps=${steps}; defaults are 0.95, 0.1, 1e-7, 5`,
      );
    }
    super('Muon', learningRate, ['momentum']);
    this.#options = { learningRate, momentum, weightDecay, nesterov, scale, blocks, inOut };
    this.#iteration = { steps, coefficients, epsilon };
  }

  protected override check(weight: tf.Variable): void {
    if (weight.rank !== 2) {
      throw new ShapeError(
        `Muon: expected a matrix; got ${weight.name}=${describe(weight)}; AdamW takes other weights`,
      );
    }
    const blocks = this.#blocksOf(weight);
    if (blocks === undefined) return;
    const sum = blocks.sizes.reduce((total, size) => total + size, 0);
    if (blocks.sizes.some((size) => !Number.isInteger(size) || size < 1) || sum !== weight.shape[blocks.axis]) {
      throw new ShapeError(
        `Muon: expected blocks of ${weight.name} that fill axis ${blocks.axis} of ${describe(weight)}; got ${blocks.sizes.join(' + ')} = ${sum}`,
      );
    }
  }

  protected override update(
    weight: tf.Variable,
    grad: tf.Tensor,
    slots: Readonly<Record<'momentum', tf.Variable>>,
  ): void {
    const { momentum: mu, nesterov, weightDecay } = this.#options;
    const fresh = tf.mul(grad, 1 - mu);
    slots.momentum.assign(tf.add(tf.mul(slots.momentum, mu), fresh));
    const ahead = nesterov ? tf.add(fresh, tf.mul(slots.momentum, mu)) : slots.momentum;
    const blocks = this.#blocksOf(weight);
    const parts = blocks === undefined ? [ahead] : tf.split(ahead, [...blocks.sizes], blocks.axis);
    const inOut = this.#options.inOut.includes(weight.name);
    const updates = parts.map((part) => this.#scaled(part as tf.Tensor2D, inOut));
    const update = updates.length === 1 ? updates[0] : tf.concat(updates, blocks?.axis);
    const decayed = weightDecay === 0 ? weight : tf.mul(weight, 1 - this.learningRate * weightDecay);
    weight.assign(tf.sub(decayed, update));
  }

  #scaled(part: tf.Tensor2D, inOut: boolean): tf.Tensor2D {
    const [rows, columns] = part.shape;
    const scale =
      this.#options.scale === 'adamw'
        ? 0.2 * Math.sqrt(Math.max(rows, columns))
        : Math.sqrt(Math.max(1, inOut ? columns / rows : rows / columns));
    return tf.mul(newtonSchulz(part, this.#iteration), this.learningRate * scale);
  }

  #blocksOf({ name }: tf.Variable): MatrixBlocks | undefined {
    const { blocks } = this.#options;
    return Object.hasOwn(blocks, name) ? blocks[name] : undefined;
  }
}
