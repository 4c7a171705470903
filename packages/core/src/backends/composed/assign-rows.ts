import * as tf from '@tensorflow/tfjs-core';
import { AssignRows, type AssignRowsAttrs, type AssignRowsInputs } from '../kernel-names.ts';
import { composedKernel } from './kernel.ts';

export const assignRows = composedKernel<AssignRowsInputs, AssignRowsAttrs>(AssignRows, ({ x, rows }, { begin }) => {
  const [total, d] = x.shape as [number, number];
  const end = begin + (rows.shape[0] as number);
  const after = tf.slice(x, [end, 0], [total - end, d]);
  return tf.concat([tf.slice(x, [0, 0], [begin, d]), rows, after], 0);
});
