import * as tf from '@tensorflow/tfjs-core';
import { inputList, type LayerArgs, StreamLayer, type WeightSpec } from './layer.ts';

/**
 * How tokens of a row are mapped: all by one matrix, each by one of its own, or all of them by one matrix from the
 * concatenation of all.
 */
export type TokenMapForm = 'shared' | 'own' | 'composite';

export interface TokenMapArgs extends LayerArgs {
  readonly form: TokenMapForm;
  /** Tokens of a row, `N`. */
  readonly tokens: number;
  /** How many of the last tokens are mapped, `M`; default: all. A composite map reads the others too. */
  readonly mapped?: number;
  /** `D`. */
  readonly inputDim: number;
  /** `E`. */
  readonly outputDim: number;
  /** Of `composite`: its matrix is a product of two of this rank; absent: one matrix. */
  readonly rank?: number;
  /** Default false. */
  readonly bias?: boolean;
}

/**
 * Maps of the tokens of each row, `[B, N, D]` to `[B, M, E]`:
 *
 * ```
 * shared      y_i = x_i W + b                                  W [D, E], b [E]
 * own         y_i = x_i W_i + b_i                              W [M, D, E], b [M, E]
 * composite   [y_1 ; ... ; y_M] = [x_1 ; ... ; x_N] W + b      W [N D, M E], or left [N D, r] times right [r, M E]
 * ```
 *
 * Matrices are xavier-normal by their own fans (of `own`, those of one token), biases start at zero.
 *
 * Source: Gui et al. 2023 (arXiv:2311.05884), sections 3.3 and 3.4.
 */
export class TokenMap extends StreamLayer {
  static className = 'SeqrecTokenMap';
  readonly args: TokenMapArgs;

  constructor(args: TokenMapArgs) {
    super(args);
    this.args = args;
  }

  /** `M`. */
  get mapped(): number {
    return this.args.mapped ?? this.args.tokens;
  }

  protected weightSpecs(): WeightSpec[] {
    const { form, tokens: n, inputDim: d, outputDim: e, rank, bias = false } = this.args;
    const m = this.mapped;
    const matrix = (name: string, ...shape: number[]): WeightSpec => ({
      name,
      shape,
      initialization: { kind: 'xavier-normal' },
      isInOut: true,
    });
    const ofForm = {
      shared: () => [matrix('weight', d, e)],
      own: () => {
        const standardDeviation = Math.sqrt(2 / (d + e));
        return [{ ...matrix('weight', m, d, e), initialization: { kind: 'normal', standardDeviation } as const }];
      },
      composite: () =>
        rank === undefined
          ? [matrix('weight', n * d, m * e)]
          : [matrix('left', n * d, rank), matrix('right', rank, m * e)],
    }[form]();
    const shape = form === 'shared' ? [e] : [m, e];
    return bias ? [...ofForm, { name: 'bias', shape, initialization: { kind: 'zeros' } }] : ofForm;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return this.forward(inputList(inputs)[0] as tf.Tensor3D);
  }

  forward(x: tf.Tensor3D): tf.Tensor3D {
    return tf.tidy(() => {
      const y = this.product(x);
      return this.args.bias ? tf.add(y, this.weight('bias')) : y;
    });
  }

  private product(x: tf.Tensor3D): tf.Tensor3D {
    const { form, inputDim: d, outputDim: e, rank } = this.args;
    const [rows, n] = x.shape;
    const m = this.mapped;
    switch (form) {
      case 'shared': {
        const flat = tf.reshape(lastTokens(x, m), [rows * m, d]);
        return tf.reshape(tf.matMul(flat, this.weight('weight') as tf.Tensor2D), [rows, m, e]);
      }
      case 'own': {
        const byToken = tf.transpose(lastTokens(x, m), [1, 0, 2]);
        return tf.transpose(tf.matMul(byToken, this.weight('weight') as tf.Tensor3D), [1, 0, 2]);
      }
      case 'composite': {
        const all = tf.reshape(x, [rows, n * d]);
        const matrix = (name: string): tf.Tensor2D => this.weight(name) as tf.Tensor2D;
        const made =
          rank === undefined
            ? tf.matMul(all, matrix('weight'))
            : tf.matMul(tf.matMul(all, matrix('left')), matrix('right'));
        return tf.reshape(made, [rows, m, e]);
      }
    }
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return [inputShape[0], this.mapped, this.args.outputDim];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { form, tokens, mapped, inputDim, outputDim, rank, bias } = this.args;
    return {
      ...super.getConfig(),
      form,
      tokens,
      inputDim,
      outputDim,
      ...(mapped !== undefined && { mapped }),
      ...(rank !== undefined && { rank }),
      ...(bias !== undefined && { bias }),
    };
  }
}
tf.serialization.registerClass(TokenMap);

/** The last `count` tokens of each row, `[B, N, D]` to `[B, count, D]`. */
export function lastTokens(x: tf.Tensor3D, count: number): tf.Tensor3D {
  const [rows, tokens, width] = x.shape;
  return count === tokens ? x : tf.slice(x, [0, tokens - count, 0], [rows, count, width]);
}
