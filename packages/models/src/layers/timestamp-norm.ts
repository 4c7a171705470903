import { layerNorm } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { inputList, type LayerArgs, StreamLayer, type WeightSpec } from './layer.ts';
import { linearOutIn } from './linear.ts';

/** A hand of a clock: `count` steps of `unit` seconds are one turn. */
export interface ClockPeriod {
  readonly unit: number;
  readonly count: number;
}

/** Hours of the day and days of the week. */
export const dayAndWeek: readonly ClockPeriod[] = [
  { unit: 3600, count: 24 },
  { unit: 86_400, count: 7 },
];

export interface ClockOptions {
  /** Angle of a whole turn; default `2 pi`. The public code has `2 * 3.14`. */
  readonly turn?: number;
  /**
   * Whether seconds are rounded to float32 first, as the public code does: today to multiples of 128, so that an
   * hour begins up to a minute early or late. Default false.
   */
  readonly isRounded?: boolean;
}

/**
 * Where the hands stand at each time, float32 `[T, 2 P]`: `cos a_1, sin a_1, cos a_2, ...` with
 * `a_p = turn * (floor(t / unit_p) mod count_p) / count_p`.
 *
 * @param timestamps seconds since 1970, `[T]`.
 */
export function clockFeatures(
  timestamps: ArrayLike<number>,
  periods: readonly ClockPeriod[] = dayAndWeek,
  { turn = 2 * Math.PI, isRounded = false }: ClockOptions = {},
): tf.Tensor2D {
  const features = Float32Array.from({ length: timestamps.length * 2 * periods.length }, (_, at) => {
    const seconds = timestamps[Math.floor(at / (2 * periods.length))];
    const { unit, count } = periods[Math.floor(at / 2) % periods.length];
    const steps = Math.floor((isRounded ? Math.fround(seconds) : seconds) / unit);
    // Before 1970 too the remainder is from 0 up.
    const angle = (turn * (((steps % count) + count) % count)) / count;
    return at % 2 === 0 ? Math.cos(angle) : Math.sin(angle);
  });
  return tf.tensor2d(features, [timestamps.length, 2 * periods.length]);
}

export interface TimestampNormArgs extends LayerArgs {
  readonly embeddingDim: number;
  /** Columns of the features of time, `2 P` of {@link clockFeatures}. */
  readonly timeDim: number;
  /** Added to the variance; default 1e-5. */
  readonly epsilon?: number;
}

/**
 * `y = LN(W [x ; c] + b) * gain + bias`: a norm of the output that knows the time of day. Inputs `[x [T, D], c [T, C]]`
 * with `c` of {@link clockFeatures}; output `[T, D]`. `W` and `b` start uniform in `1 / sqrt(D + C)`.
 *
 * Source: `TimestampLayerNormPostprocessor` of the public code (meta-recsys/generative-recommenders,
 * `modules/postprocessors.py`), whose `c` is that of `turn: 6.28, isRounded: true`.
 */
export class TimestampNorm extends StreamLayer {
  static className = 'SeqrecTimestampNorm';
  readonly args: TimestampNormArgs;

  constructor(args: TimestampNormArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { embeddingDim: d, timeDim } = this.args;
    const initialization = { kind: 'uniform', limit: 1 / Math.sqrt(d + timeDim) } as const;
    return [
      { name: 'combiner.weight', shape: [d, d + timeDim], initialization },
      { name: 'combiner.bias', shape: [d], initialization },
      { name: 'norm.weight', shape: [d], initialization: { kind: 'ones' } },
      { name: 'norm.bias', shape: [d], initialization: { kind: 'zeros' } },
    ];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [x, clock] = inputList(inputs) as [tf.Tensor2D, tf.Tensor2D];
    return tf.tidy(() => {
      const [w, b] = [this.weight('combiner.weight') as tf.Tensor2D, this.weight('combiner.bias') as tf.Tensor1D];
      const norm = layerNorm(linearOutIn(tf.concat([x, clock], 1), w, b), { epsilon: this.args.epsilon ?? 1e-5 });
      return tf.add(tf.mul(norm, this.weight('norm.weight')), this.weight('norm.bias'));
    });
  }

  override computeOutputShape(inputShape: (number | null)[] | (number | null)[][]): (number | null)[] {
    return (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as (number | null)[];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { embeddingDim, timeDim, epsilon } = this.args;
    return { ...super.getConfig(), embeddingDim, timeDim, ...(epsilon === undefined ? {} : { epsilon }) };
  }
}
tf.serialization.registerClass(TimestampNorm);
