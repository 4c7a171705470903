import * as tf from '@tensorflow/tfjs-core';
import { type FieldTables, sumOfFields } from '../../features/field-tables.ts';
import type { Ranker } from '../../model.ts';
import { linearTerms } from '../lr/lr.ts';
import type { RankerOptions } from '../ranker.ts';
import { createRanker, type NetOptions, type RankerNet } from '../row-model.ts';
import { rowTables } from '../row-tables.ts';
import type { FmConfig } from './config.ts';

/**
 * `1/2 sum_d ((sum_f e_fd)^2 - sum_f e_fd^2)`: the sum of the products of every two vectors.
 *
 * @param vectors a field each, float32 `[B, L d]`: `d` numbers a label.
 * @returns `[B, L]`.
 *
 * Source: Rendle 2010, "Factorization machines", lemma 3.1.
 */
export function pairwiseTerms(vectors: readonly tf.Tensor2D[], labels: number): tf.Tensor2D {
  return tf.tidy(() => {
    const [rows, width] = vectors[0].shape;
    const sum = sumOfFields(vectors);
    const squares = sumOfFields(vectors.map((vector) => tf.square(vector)));
    const pairs = tf.reshape(tf.sub(tf.square(sum), squares), [rows * labels, width / labels]);
    return tf.reshape(tf.mul(tf.sum(pairs, 1), 0.5), [rows, labels]);
  });
}

/** The net of {@link createFm}. */
export function fmNet(config: FmConfig, options: NetOptions): RankerNet & FmParts {
  const { fields, labels, seed, stores } = options;
  const linear = linearTerms(config, options);
  const embeddingDim = labels * config.embeddingDim;
  const tables = rowTables({ ...config, embeddingDim }, { fields, seed, stores });
  return {
    tables: [tables, linear.tables],
    net: [linear.bias],
    fields: tables,
    linear: linear.terms,
    logits: (columns) =>
      tf.tidy(() => tf.add(linear.terms(columns), pairwiseTerms(tables.vectors(columns), labels)) as tf.Tensor2D),
  };
}

interface FmParts {
  readonly fields: FieldTables;
  readonly linear: ReturnType<typeof linearTerms>['terms'];
}

/**
 * Factorisation machine: the linear terms and `<e_f, e_g>` of every two fields. See the README of this folder.
 *
 * @throws ConfigError as {@link createLr}.
 */
export function createFm(config: FmConfig, options: RankerOptions): Ranker {
  return createRanker(config, options, fmNet);
}
