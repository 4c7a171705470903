import * as tf from '@tensorflow/tfjs-core';
import type { CodeReader } from '../generators/generator.ts';

/** A reader whose logits are a table of the path: the number of the history, then what was read after it. */
export function tableReader(
  sequences: number,
  sizes: ArrayLike<number>,
  logit: (path: readonly number[], k: number) => number,
): CodeReader {
  let paths: number[][] = Array.from({ length: sequences }, (_, b) => [b]);
  let level = 0;
  const logits = (): tf.Tensor2D =>
    tf.tensor2d(paths.map((path) => Array.from({ length: sizes[level] }, (_, k) => logit(path, k))));
  return {
    first: logits,
    next(parents, codes) {
      level++;
      const before = paths;
      paths = Array.from(parents, (parent, i) => [...before[parent], codes[i]]);
      return logits();
    },
    dispose: () => undefined,
  };
}
