import type { EncodedColumn } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import type { FieldTables } from '../../features/field-tables.ts';
import type { Run } from '../../layers/layer.ts';
import { linearOutIn } from '../../layers/linear.ts';
import { Projection } from '../../layers/projection.ts';
import type { BranchLogits, Ranker } from '../../model.ts';
import { triLoss } from '../branch-losses.ts';
import type { RankerOptions } from '../ranker.ts';
import { createRanker, type NetOptions, type RankerNet } from '../row-model.ts';
import { rowTables } from '../row-tables.ts';
import type { FcnConfig } from './config.ts';
import { CrossBranch } from './cross-branch.ts';

/** A cross branch and what makes logits of it. */
export interface FcnBranch {
  readonly cross: CrossBranch;
  readonly head: Projection;
}

interface FcnParts {
  readonly fields: FieldTables;
  readonly exponential: FcnBranch;
  readonly linear: FcnBranch;
  /** The input of the branches, `[B heads, F d / heads]`. */
  input(columns: readonly EncodedColumn[]): tf.Tensor2D;
}

/**
 * Vectors `[B, F d]` cut into heads, each as the first halves of all fields and then their second halves:
 * `[B heads, F d / heads]`.
 */
export function halvesOfHeads(x: tf.Tensor2D, fields: number, heads: number): tf.Tensor2D {
  const [rows, width] = x.shape;
  const half = width / (2 * fields * heads);
  return tf.tidy(() => {
    const cut = tf.transpose(tf.reshape(x, [rows, fields, 2 * heads, half]), [0, 2, 1, 3]);
    return tf.reshape(cut, [rows * heads, width / heads]);
  });
}

/** The net of {@link createFcn}. */
export function fcnNet(
  config: FcnConfig,
  { fields, labels, seed, stores }: NetOptions,
): RankerNet & Required<Pick<RankerNet, 'branches'>> & FcnParts {
  const { embeddingDim, heads, layerNorm, dropout, linearDropout = dropout } = config;
  const tables = rowTables(config, { fields, seed, stores });
  const inputDim = (fields.length * embeddingDim) / heads;
  const branch = (form: 'exponential' | 'linear', layers: number, rate: number): FcnBranch => ({
    cross: new CrossBranch({ inputDim, layers, form, layerNorm, dropout: rate, seed, stream: `${form}-cross` }),
    head: new Projection({ inputDim, outputDim: labels, seed, stream: `${form}-head` }),
  });
  const exponential = branch('exponential', config.exponentialLayers, dropout);
  const linear = branch('linear', config.linearLayers, linearDropout);
  const input = (columns: readonly EncodedColumn[]): tf.Tensor2D =>
    halvesOfHeads(tables.embed(columns), fields.length, heads);
  const branchLogits = (x: tf.Tensor2D, { cross, head }: FcnBranch, run: Run): tf.Tensor2D => {
    const crossed = cross.forward(x, run.firstRow === undefined ? run : { ...run, firstRow: run.firstRow * heads });
    const logits = linearOutIn(crossed, head.weight('weight') as tf.Tensor2D, head.weight('bias') as tf.Tensor1D);
    if (heads === 1) return logits;
    return tf.mean(tf.reshape(logits, [x.shape[0] / heads, heads, labels]), 1);
  };
  const all = (columns: readonly EncodedColumn[], run: Run): BranchLogits => {
    const x = input(columns);
    const branches = [exponential, linear].map((each) => branchLogits(x, each, run));
    return { logits: tf.mul(tf.add(branches[0], branches[1]), 0.5), branches };
  };
  return {
    tables: [tables],
    net: [exponential.cross, exponential.head, linear.cross, linear.head],
    fields: tables,
    exponential,
    linear,
    input,
    logits: (columns, run) => tf.tidy(() => all(columns, run).logits),
    branches: { logits: all, loss: triLoss(config.detachWeights) },
  };
}

/**
 * FCN, the "DCNv3" of 2024: an exponential and a linear cross branch, trained by Tri-BCE. See the README of this
 * folder.
 *
 * @throws ConfigError as {@link createLr}.
 */
export function createFcn(config: FcnConfig, options: RankerOptions): Ranker {
  return createRanker(config, options, fcnNet);
}
