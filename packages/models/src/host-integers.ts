import { rememberHostValues } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';

/** An int32 tensor whose values kernels look up on the host, which saves them a read from the device. */
export function hostIntegers(values: Int32Array): tf.Tensor1D {
  return rememberHostValues(tf.tensor1d(values, 'int32'), values) as tf.Tensor1D;
}
