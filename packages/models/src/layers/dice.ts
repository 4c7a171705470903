import * as tf from '@tensorflow/tfjs-core';
import type { Run, StreamLayer, WeightSpec } from './layer.ts';

/** Both are those of the reference's `BatchNorm1d`. */
const EPSILON = 1e-9;
const MOMENTUM = 0.01;

/** What Dice of so many units keeps: a slope a unit, which is learned, and running statistics, which are not. */
export function diceSpecs(name: string, units: number): WeightSpec[] {
  const zeros = { kind: 'zeros' } as const;
  return [
    { name: `${name}.alpha`, shape: [units], initialization: zeros },
    { name: `${name}.bn.running_mean`, shape: [units], initialization: zeros, isRunning: true },
    { name: `${name}.bn.running_var`, shape: [units], initialization: { kind: 'ones' }, isRunning: true },
  ];
}

/**
 * `y = p x + (1 - p) alpha x`, `p = sigmoid((x - E[x]) / sqrt(Var[x] + 1e-9))`, unit by unit, `x` `[N, units]`. In
 * training the moments are those of the rows of `x`, with the biased variance, and `run.statistics` notes them; of a
 * single row, which has no variance, nothing is noted. Outside training they are the running ones, whose variance is of
 * the unbiased kind.
 *
 * @param layer whose weights `NAME.alpha`, ... are those of {@link diceSpecs}.
 *
 * Source: Zhou et al. 2018 (arXiv:1706.06978), section 4.3; momentum and epsilon of FuxiCTR (reczoo/FuxiCTR 0245987),
 * `Dice`.
 */
export function dice(x: tf.Tensor2D, layer: StreamLayer, name: string, run: Run): tf.Tensor2D {
  return tf.tidy(() => {
    const [runningMean, runningVariance] = ['running_mean', 'running_var'].map((of) =>
      layer.weight(`${name}.bn.${of}`),
    );
    const mean = run.training ? tf.mean(x, 0) : runningMean;
    const centred = tf.sub(x, mean);
    const variance = run.training ? tf.mean(tf.square(centred), 0) : runningVariance;
    const [rows] = x.shape;
    if (run.training && rows > 1) {
      run.statistics?.see(runningMean, mean, MOMENTUM);
      run.statistics?.see(runningVariance, tf.mul(variance, rows / (rows - 1)), MOMENTUM);
    }
    const p = tf.sigmoid(tf.mul(centred, tf.rsqrt(tf.add(variance, EPSILON))));
    const alpha = layer.weight(`${name}.alpha`);
    // p + (1 - p) alpha
    const slope = tf.add(alpha, tf.mul(p, tf.sub(1, alpha)));
    return tf.mul(slope, x) as tf.Tensor2D;
  });
}
