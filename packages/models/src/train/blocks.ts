import { assignRows } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { rowsPerBlock, type StoredArray, type TensorBlocks } from '../io/safetensors-file.ts';
import { assignValues } from '../parameters.ts';

type CheckBlock = (block: StoredArray, firstIndex: number) => void;

/** Values of a variable, read from the backend block by block. */
export function variableBlocks(variable: tf.Tensor, check: CheckBlock): TensorBlocks {
  async function* blocks(): AsyncGenerator<StoredArray> {
    const [rows, width] = [variable.shape[0] ?? 1, variable.size / (variable.shape[0] ?? 1)];
    const step = rowsPerBlock(variable.shape);
    if (step >= rows) {
      // A copy: on some backends data() is a view of memory that the next step overwrites.
      const data = new Float32Array((await variable.data()) as Float32Array);
      check(data, 0);
      yield data;
      return;
    }
    for (let begin = 0; begin < rows; begin += step) {
      const block = tf.slice(variable, begin, Math.min(step, rows - begin));
      const data = (await block.data()) as Float32Array;
      block.dispose();
      check(data, begin * width);
      yield data;
    }
  }
  return { dtype: 'F32', shape: variable.shape, blocks };
}

/** An array that is on the host already, in blocks without a copy. */
export function arrayBlocks(data: StoredArray, shape: readonly number[], check: CheckBlock): TensorBlocks {
  function* blocks(): Generator<StoredArray> {
    const step = rowsPerBlock(shape) * (data.length / shape[0]);
    for (let at = 0; at < data.length; at += step) {
      const block = data.subarray(at, at + step);
      check(block, at);
      yield block;
    }
  }
  return { dtype: data instanceof Float32Array ? 'F32' : 'I32', shape, blocks };
}

/** Overwrites a variable block by block. */
export async function assignBlocks(variable: tf.Variable, blocks: AsyncIterable<StoredArray>): Promise<void> {
  let begin = 0;
  for await (const block of blocks) {
    if (block.length === variable.size) {
      assignValues(variable, block as Float32Array);
      return;
    }
    const width = variable.shape[1] as number;
    const rows = block.length / width;
    assignRows(variable, tf.tensor2d(block, [rows, width], 'float32'), begin);
    begin += rows;
  }
}
