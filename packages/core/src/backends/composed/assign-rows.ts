import * as tf from '@tensorflow/tfjs-core';
import { AssignRows, type AssignRowsAttrs, type AssignRowsInputs } from '../kernel-names.ts';
import { composedKernel } from './kernel.ts';

export const assignRows = composedKernel<AssignRowsInputs, AssignRowsAttrs>(AssignRows, ({ x, rows }, { at }) => {
  const [total, d] = x.shape as [number, number];
  const count = rows.shape[0] as number;
  if (typeof at !== 'number' && count > 0) {
    const from = Int32Array.from({ length: total }, (_, row) => row);
    for (const [i, row] of at.entries()) from[row] = total + i;
    return tf.gather(tf.concat([x, rows], 0), tf.tensor1d(from, 'int32'));
  }
  const begin = typeof at === 'number' ? at : 0;
  const end = begin + count;
  const after = tf.slice(x, [end, 0], [total - end, d]);
  return tf.concat([tf.slice(x, [0, 0], [begin, d]), rows, after], 0);
});
