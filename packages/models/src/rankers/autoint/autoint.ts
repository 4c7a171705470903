import type { EncodedColumn } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { type FieldTables, sumOfFields } from '../../features/field-tables.ts';
import { HiddenLayers } from '../../layers/hidden-layers.ts';
import type { Run } from '../../layers/layer.ts';
import { linearOutIn } from '../../layers/linear.ts';
import { Projection } from '../../layers/projection.ts';
import type { Ranker } from '../../model.ts';
import { linearTables } from '../lr/lr.ts';
import type { RankerOptions } from '../ranker.ts';
import { createRanker, type NetOptions, type RankerNet } from '../row-model.ts';
import { rowTables } from '../row-tables.ts';
import type { AutoIntConfig } from './config.ts';
import { InteractingLayer } from './interacting-layer.ts';

interface AutoIntParts {
  readonly fields: FieldTables;
  readonly wide: FieldTables | undefined;
  readonly attention: readonly InteractingLayer[];
  readonly deep: HiddenLayers | undefined;
  readonly head: Projection;
  /** What the last layer of attention gives, `[B, F, attentionDim]`. */
  attended(columns: readonly EncodedColumn[], run: Run): tf.Tensor3D;
}

/** The net of {@link createAutoint}. */
export function autointNet(config: AutoIntConfig, options: NetOptions): RankerNet & AutoIntParts {
  const { embeddingDim, attentionLayers, attentionDim, hiddenSizes, dropout } = config;
  const { fields, labels, seed, stores } = options;
  const { heads, layerNorm, useScale, useResidual } = config;
  const tables = rowTables(config, { fields, seed, stores });
  const wide = config.useWide ? linearTables(config, options) : undefined;
  const attention = Array.from(
    { length: attentionLayers },
    (_, i) =>
      new InteractingLayer({
        inputDim: i === 0 ? embeddingDim : attentionDim,
        attentionDim,
        heads,
        layerNorm,
        useScale,
        useResidual,
        dropout,
        seed,
        stream: `attention.${i}`,
      }),
  );
  const inputDim = fields.length * embeddingDim;
  const deep =
    hiddenSizes.length === 0
      ? undefined
      : new HiddenLayers({ inputDim, hiddenSizes, outputDim: labels, dropout, seed, stream: 'deep' });
  const head = new Projection({ inputDim: fields.length * attentionDim, outputDim: labels, seed, stream: 'head' });
  const attend = (x0: tf.Tensor2D, run: Run): tf.Tensor3D => {
    const tokens = tf.reshape(x0, [x0.shape[0], fields.length, embeddingDim]) as tf.Tensor3D;
    return attention.reduce((x, layer) => layer.forward(x, run), tokens);
  };
  return {
    tables: [tables, ...(wide ? [wide] : [])],
    net: [...attention, ...(deep ? [deep] : []), head],
    fields: tables,
    wide,
    attention,
    deep,
    head,
    attended: (columns, run) => tf.tidy(() => attend(tables.embed(columns), run)),
    logits: (columns, run) =>
      tf.tidy(() => {
        const x0 = tables.embed(columns);
        const flat = tf.reshape(attend(x0, run), [x0.shape[0], fields.length * attentionDim]) as tf.Tensor2D;
        const terms = [
          linearOutIn(flat, head.weight('weight') as tf.Tensor2D, head.weight('bias') as tf.Tensor1D),
          ...(deep ? [deep.forward(x0, run)] : []),
          ...(wide ? [sumOfFields(wide.vectors(columns))] : []),
        ];
        return terms.length === 1 ? terms[0] : (tf.addN(terms) as tf.Tensor2D);
      }),
  };
}

/**
 * AutoInt: attention among the vectors of all fields, with hidden layers and linear terms beside it. See the README of
 * this folder.
 *
 * @throws ConfigError as {@link createLr}.
 */
export function createAutoint(config: AutoIntConfig, options: RankerOptions): Ranker {
  return createRanker(config, options, autointNet);
}
