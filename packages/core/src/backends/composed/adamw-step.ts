import * as tf from '@tensorflow/tfjs-core';
import { AdamWStep, type AdamWStepAttrs, type AdamWStepInputs } from '../kernel-names.ts';
import { composedKernel } from './kernel.ts';

export const adamWStep = composedKernel<AdamWStepInputs, AdamWStepAttrs>(
  AdamWStep,
  ({ param, m, v, grad }, { learningRate, beta1, beta2, epsilon, weightDecay, step }) => {
    const newM = tf.add(tf.mul(m, beta1), tf.mul(grad, 1 - beta1));
    const newV = tf.add(tf.mul(v, beta2), tf.mul(tf.square(grad), 1 - beta2));
    // Bias corrections are scalars: computed here in double precision, not on the device.
    const stepSize = learningRate / (1 - beta1 ** step);
    const root = tf.add(tf.div(tf.sqrt(newV), Math.sqrt(1 - beta2 ** step)), epsilon);
    // Not `param * (1 - lr wd)`: that factor, rounded to float32, drifts the same way at every step.
    const decayed = weightDecay === 0 ? param : tf.sub(param, tf.mul(param, learningRate * weightDecay));
    return [tf.sub(decayed, tf.div(tf.mul(newM, stepSize), root)), newM, newV];
  },
);
