import * as tf from '@tensorflow/tfjs-core';
import { composedKernel, isComposed } from './kernel.ts';

interface Inputs {
  readonly a: tf.TensorInfo;
  readonly b: tf.TensorInfo;
  readonly bias?: tf.TensorInfo;
  readonly preluActivationWeights?: tf.TensorInfo;
}

interface Attrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly activation: tf.backend_util.Activation;
  readonly leakyreluAlpha: number;
}

const NAME = '_FusedMatMul';

/**
 * The stock `wasm` kernel adds the bias once for every 48 terms of a sum when an operand is transposed or there is a
 * batch (4.22.0): such products are made of tfjs ops instead, the others stay with the stock kernel.
 */
export function mendWasmFusedMatMul(): void {
  const stock = tf.getKernel(NAME, 'wasm');
  if (stock === undefined || isComposed(stock.kernelFunc)) return;
  const mended = composedKernel<Inputs, Attrs>(NAME, ({ a, b, bias, preluActivationWeights }, attrs) => {
    const { transposeA, transposeB, activation, leakyreluAlpha } = attrs;
    if (bias === undefined || (!transposeA && !transposeB && a.shape[0] === 1 && b.shape[0] === 1)) {
      const inputs = { a, b, bias, preluActivationWeights } as unknown as tf.NamedTensorInfoMap;
      const output = stock.kernelFunc({ inputs, attrs: attrs as unknown as tf.NamedAttrMap, backend: tf.backend() });
      return tf.engine().makeTensorFromTensorInfo(output as tf.TensorInfo);
    }
    const sum = tf.add(tf.matMul(a, b, transposeA, transposeB), bias);
    return tf.backend_util.applyActivation(sum, activation, preluActivationWeights, leakyreluAlpha);
  });
  tf.unregisterKernel(NAME, 'wasm');
  tf.registerKernel({ ...stock, kernelFunc: mended.kernelFunc });
}
