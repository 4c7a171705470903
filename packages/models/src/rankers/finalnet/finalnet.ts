import type { EncodedColumn } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import type { FieldTables } from '../../features/field-tables.ts';
import type { Run } from '../../layers/layer.ts';
import { linearOutIn } from '../../layers/linear.ts';
import { Projection } from '../../layers/projection.ts';
import type { BranchLogits, Ranker } from '../../model.ts';
import { taughtByFused } from '../branch-losses.ts';
import type { RankerOptions } from '../ranker.ts';
import { createRanker, type NetOptions, type RankerNet } from '../row-model.ts';
import { rowTables } from '../row-tables.ts';
import type { FinalNetConfig } from './config.ts';
import { FactorizedBlock } from './factorized-block.ts';
import { FeatureGating } from './feature-gating.ts';

interface FinalNetStream {
  readonly block: FactorizedBlock;
  readonly head: Projection;
}

interface FinalNetParts {
  readonly fields: FieldTables;
  readonly gating: FeatureGating | undefined;
  readonly streams: readonly FinalNetStream[];
  /** What a block gives, before its head. */
  blockOutput(stream: number, columns: readonly EncodedColumn[], run: Run): tf.Tensor2D;
}

/** The net of {@link createFinalnet}. */
export function finalnetNet(
  config: FinalNetConfig,
  { fields, labels, seed, stores }: NetOptions,
): RankerNet & FinalNetParts {
  const { embeddingDim: width, blockType, featureGating, residualType } = config;
  const tables = rowTables(config, { fields, seed, stores });
  const inputDim = fields.length * width;
  const gating = featureGating
    ? new FeatureGating({ fields: fields.length, width, seed, stream: 'gating' })
    : undefined;
  const streamOf = (name: 'block1' | 'block2', ofInput: number): FinalNetStream => {
    const block = new FactorizedBlock({
      inputDim: ofInput,
      hiddenSizes: config[`${name}HiddenSizes`] ?? [64, 64, 64],
      residual: residualType,
      activation: config[`${name}Activation`] ?? 'linear',
      dropout: config[`${name}Dropout`] ?? 0,
      seed,
      stream: name,
    });
    return { block, head: new Projection({ inputDim: block.width, outputDim: labels, seed, stream: `${name}-head` }) };
  };
  const streams = [
    streamOf('block1', gating === undefined ? inputDim : 2 * inputDim),
    ...(blockType === '2B' ? [streamOf('block2', inputDim)] : []),
  ];
  const read = (x: tf.Tensor2D, s: number): tf.Tensor2D => (s === 0 && gating !== undefined ? gating.forward(x) : x);
  const streamLogits = (columns: readonly EncodedColumn[], run: Run): tf.Tensor2D[] => {
    const x = tables.embed(columns);
    return streams.map(({ block, head }, s) =>
      linearOutIn(
        block.forward(read(x, s), run),
        head.weight('weight') as tf.Tensor2D,
        head.weight('bias') as tf.Tensor1D,
      ),
    );
  };
  const all = (columns: readonly EncodedColumn[], run: Run): BranchLogits => {
    const branches = streamLogits(columns, run);
    return { logits: tf.mul(tf.add(branches[0], branches[1]), 0.5), branches };
  };
  return {
    tables: [tables],
    net: [...(gating ? [gating] : []), ...streams.flatMap(({ block, head }) => [block, head])],
    fields: tables,
    gating,
    streams,
    blockOutput: (s, columns, run) => tf.tidy(() => streams[s].block.forward(read(tables.embed(columns), s), run)),
    logits: (columns, run) =>
      tf.tidy(() => (blockType === '2B' ? all(columns, run).logits : streamLogits(columns, run)[0])),
    ...(blockType === '2B' && { branches: { logits: all, loss: taughtByFused } }),
  };
}

/**
 * FinalNet: streams of layers that multiply two maps; two streams are taught by their mean. See the README of this
 * folder.
 *
 * @throws ConfigError as {@link createLr}.
 */
export function createFinalnet(config: FinalNetConfig, options: RankerOptions): Ranker {
  return createRanker(config, options, finalnetNet);
}
