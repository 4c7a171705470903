import * as tf from '@tensorflow/tfjs-core';
import type { FieldTables } from '../../features/field-tables.ts';
import { HiddenLayers } from '../../layers/hidden-layers.ts';
import { linearOutIn } from '../../layers/linear.ts';
import { Projection } from '../../layers/projection.ts';
import type { Ranker } from '../../model.ts';
import type { RankerOptions } from '../ranker.ts';
import { createRanker, type NetOptions, type RankerNet } from '../row-model.ts';
import { rowTables } from '../row-tables.ts';
import type { GdcnConfig } from './config.ts';
import { GatedCross } from './gated-cross.ts';

interface GdcnParts {
  readonly fields: FieldTables;
  readonly cross: GatedCross;
  readonly deep: HiddenLayers;
  readonly head: Projection;
}

/** The net of {@link createGdcn}. */
export function gdcnNet(config: GdcnConfig, { fields, labels, seed, stores }: NetOptions): RankerNet & GdcnParts {
  const { embeddingDim, structure, hiddenSizes, dropout } = config;
  const tables = rowTables(config, { fields, seed, stores });
  const inputDim = fields.length * embeddingDim;
  const cross = new GatedCross({ inputDim, layers: config.crossLayers, seed, stream: 'cross' });
  const deep = new HiddenLayers({ inputDim, hiddenSizes, dropout, seed, stream: 'deep' });
  const width = structure === 'stacked' ? deep.width : inputDim + deep.width;
  const head = new Projection({ inputDim: width, outputDim: labels, seed, stream: 'head' });
  const [w, b] = [() => head.weight('weight') as tf.Tensor2D, () => head.weight('bias') as tf.Tensor1D];
  return {
    tables: [tables],
    net: [cross, deep, head],
    fields: tables,
    cross,
    deep,
    head,
    logits: (columns, run) =>
      tf.tidy(() => {
        const x0 = tables.embed(columns);
        const crossed = cross.forward(x0);
        if (structure === 'stacked') return linearOutIn(deep.forward(crossed, run), w(), b());
        // The head of both side by side is a sum: wide rows need not be copied.
        const [ofCross, ofDeep] = tf.split(w(), [inputDim, deep.width], 1) as tf.Tensor2D[];
        return tf.add(linearOutIn(crossed, ofCross, b()), linearOutIn(deep.forward(x0, run), ofDeep));
      }),
  };
}

/**
 * GDCN: a gated cross network and hidden layers over the vectors of all fields. See the README of this folder.
 *
 * @throws ConfigError as {@link createLr}.
 */
export function createGdcn(config: GdcnConfig, options: RankerOptions): Ranker {
  return createRanker(config, options, gdcnNet);
}
