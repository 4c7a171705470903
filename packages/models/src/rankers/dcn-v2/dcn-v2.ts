import * as tf from '@tensorflow/tfjs-core';
import type { FieldTables } from '../../features/field-tables.ts';
import { HiddenLayers } from '../../layers/hidden-layers.ts';
import { linearOutIn } from '../../layers/linear.ts';
import { Projection } from '../../layers/projection.ts';
import type { Ranker } from '../../model.ts';
import type { RankerOptions } from '../ranker.ts';
import { createRanker, type NetOptions, type RankerNet } from '../row-model.ts';
import { rowTables } from '../row-tables.ts';
import type { DcnV2Config } from './config.ts';
import { CrossNetwork } from './cross.ts';

interface DcnParts {
  readonly fields: FieldTables;
  readonly cross: CrossNetwork;
  readonly deep: HiddenLayers | undefined;
  readonly head: Projection;
}

/** The net of {@link createDcnV2}. */
export function dcnV2Net(config: DcnV2Config, { fields, labels, seed, stores }: NetOptions): RankerNet & DcnParts {
  const { embeddingDim, structure, hiddenSizes = [400, 400, 400], dropout = 0 } = config;
  const tables = rowTables(config, { fields, seed, stores });
  const inputDim = fields.length * embeddingDim;
  const cross = new CrossNetwork({
    inputDim,
    layers: config.crossLayers,
    form: config.cross,
    rank: config.rank ?? 32,
    experts: config.experts ?? 4,
    seed,
    stream: 'cross',
  });
  const deep =
    structure === 'cross' ? undefined : new HiddenLayers({ inputDim, hiddenSizes, dropout, seed, stream: 'deep' });
  const widths = { cross: inputDim, stacked: deep?.width ?? 0, parallel: inputDim + (deep?.width ?? 0) };
  // As one of width 1 for each label: a label more does not move the others.
  const initialization = { kind: 'normal', standardDeviation: Math.sqrt(2 / (widths[structure] + 1)) } as const;
  const head = new Projection({
    inputDim: widths[structure],
    outputDim: labels,
    initialization,
    seed,
    stream: 'head',
  });
  const [w, b] = [() => head.weight('weight') as tf.Tensor2D, () => head.weight('bias') as tf.Tensor1D];
  return {
    tables: [tables],
    net: [cross, ...(deep === undefined ? [] : [deep]), head],
    fields: tables,
    cross,
    deep,
    head,
    logits: (columns, run) =>
      tf.tidy(() => {
        const x0 = tables.embed(columns);
        const crossed = cross.forward(x0);
        if (deep === undefined) return linearOutIn(crossed, w(), b());
        if (structure === 'stacked') return linearOutIn(deep.forward(crossed, run), w(), b());
        // The head of both side by side is a sum: wide rows need not be copied.
        const [ofCross, ofDeep] = tf.split(w(), [inputDim, deep.width], 1) as tf.Tensor2D[];
        return tf.add(linearOutIn(crossed, ofCross, b()), linearOutIn(deep.forward(x0, run), ofDeep));
      }),
  };
}

/**
 * DCN-V2: a cross network and hidden layers over the vectors of all fields. See the README of this folder.
 *
 * @throws ConfigError as {@link createLr}.
 */
export function createDcnV2(config: DcnV2Config, options: RankerOptions): Ranker {
  return createRanker(config, options, dcnV2Net);
}
