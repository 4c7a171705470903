import * as tf from '@tensorflow/tfjs-core';
import { RowwiseAdamWStep, type RowwiseAdamWStepAttrs, type RowwiseAdamWStepInputs } from '../kernel-names.ts';
import { composedKernel } from './kernel.ts';

export const rowwiseAdamWStep = composedKernel<RowwiseAdamWStepInputs, RowwiseAdamWStepAttrs>(
  RowwiseAdamWStep,
  ({ param, ids, m, v, grad, rates, corrections }, { beta1, beta2, epsilon, decay, whole }) => {
    const places = tf.expandDims(ids, 1);
    const take = (x: tf.Tensor): tf.Tensor => (whole ? tf.gather(x, ids) : x);
    const put = (x: tf.Tensor, rows: tf.Tensor): tf.Tensor => (whole ? withRows(x, places, rows) : rows);
    const newM = tf.add(tf.mul(take(m), beta1), tf.mul(grad, 1 - beta1));
    const newV = tf.add(tf.mul(take(v), beta2), tf.mul(tf.mean(tf.square(grad), 1), 1 - beta2));
    const sizes = tf.div(rates, tf.add(tf.mul(tf.sqrt(newV), corrections), epsilon));
    const rows = tf.gather(param, ids);
    const decayed = decay === 0 ? rows : tf.sub(rows, tf.mul(rows, decay));
    const updated = tf.sub(decayed, tf.mul(newM, tf.expandDims(sizes, 1)));
    return [withRows(param, places, updated), put(m, newM), put(v, newV)];
  },
);

/** Rows put into a copy: the `cpu` backend of TensorFlow.js writes into the values of the tensor that it is given. */
function withRows(x: tf.Tensor, places: tf.Tensor, rows: tf.Tensor): tf.Tensor {
  return tf.tensorScatterUpdate(tf.mul(x, 1), places, rows);
}
