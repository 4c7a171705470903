import * as tf from '@tensorflow/tfjs-core';
import { absent, runKernel } from '../../ops/run-kernel.ts';
import {
  Dropout,
  DropoutGrad,
  EmbedTokens,
  type EmbedTokensAttrs,
  EmbedTokensGrad,
  type EmbedTokensInputs,
} from '../kernel-names.ts';
import { composedKernel } from './kernel.ts';

/** Made of the kernels of its parts, which a backend may have of its own. */
export const embedTokens = composedKernel<EmbedTokensInputs, EmbedTokensAttrs>(
  EmbedTokens,
  ({ table, ids, places, positions }, { scale, ...dropout }) => {
    const items = tf.mul(tf.gather(table, ids as tf.Tensor1D), scale);
    const x = places.size > 0 ? tf.add(items, tf.gather(places, positions as tf.Tensor1D)) : items;
    return dropout.rate > 0 ? runKernel<tf.Tensor>(Dropout, { x }, dropout) : x;
  },
);

export const embedTokensGrad = composedKernel<EmbedTokensInputs, EmbedTokensAttrs>(
  EmbedTokensGrad,
  (inputs, { scale, ...dropout }) => {
    const { table, ids, places, positions, y, dy } = inputs as { readonly [name: string]: tf.Tensor };
    const dx = dropout.rate > 0 ? runKernel<tf.Tensor>(DropoutGrad, { y, dy }, dropout) : dy;
    const dTable = tf.unsortedSegmentSum(tf.mul(dx, scale), ids as tf.Tensor1D, table.shape[0]);
    const dPlaces = places.size > 0 ? tf.unsortedSegmentSum(dx, positions as tf.Tensor1D, places.shape[0]) : absent();
    return [dTable, dPlaces];
  },
);
