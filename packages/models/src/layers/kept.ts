import { rememberHostValues } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { FreshKeys } from './memory.ts';

/** Integers beyond the tidy that makes them; kernels look at the values on the host. */
export function keptIntegers(values: Int32Array): tf.Tensor1D {
  return rememberHostValues(tf.keep(tf.tensor1d(values, 'int32')), values);
}

/** Keys and values of earlier tokens with those of a pass behind them, kept; the earlier ones are freed. */
export function appendKeys(before: FreshKeys | undefined, fresh: FreshKeys): FreshKeys {
  const joined = (name: 'k' | 'v'): tf.Tensor3D =>
    tf.keep(before === undefined ? tf.clone(fresh[name]) : tf.concat([before[name], fresh[name]]));
  const all = { k: joined('k'), v: joined('v') };
  if (before !== undefined) tf.dispose([before.k, before.v]);
  return all;
}
