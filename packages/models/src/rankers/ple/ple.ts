import * as tf from '@tensorflow/tfjs-core';
import type { FieldTables } from '../../features/field-tables.ts';
import type { Run } from '../../layers/layer.ts';
import type { Ranker } from '../../model.ts';
import type { RankerOptions } from '../ranker.ts';
import { createRanker, type NetOptions, type RankerNet } from '../row-model.ts';
import { rowTables } from '../row-tables.ts';
import { type LabelTowers, labelTowers } from '../towers-of-labels.ts';
import type { PleConfig } from './config.ts';
import { type Extracted, type Extraction, extraction } from './extraction.ts';

interface PleParts {
  readonly fields: FieldTables;
  readonly extractions: readonly Extraction[];
  readonly towers: LabelTowers;
  /** What the first `layers` layers make of `x_0`. */
  extracted(x0: tf.Tensor2D, run: Run, layers?: number): Extracted;
}

/** The net of {@link createPle}. */
export function pleNet(config: PleConfig, { fields, labels, seed, stores }: NetOptions): RankerNet & PleParts {
  const { embeddingDim, towerHiddenSizes, dropout } = config;
  const tables = rowTables(config, { fields, seed, stores });
  const extractions: Extraction[] = [];
  for (let i = 0; i < config.layers; i++) {
    const inputDim = extractions.at(-1)?.width ?? fields.length * embeddingDim;
    const isLast = i === config.layers - 1;
    extractions.push(extraction(config, { inputDim, labels, isLast, seed, stream: `layers.${i}` }));
  }
  const inputDim = extractions[0].width;
  const towers = labelTowers(labels, { inputDim, hiddenSizes: towerHiddenSizes, dropout, seed });
  const extracted = (x0: tf.Tensor2D, run: Run, layers = extractions.length): Extracted =>
    extractions.slice(0, layers).reduce<Extracted>((from, layer) => layer.extract(from as Required<Extracted>, run), {
      labels: Array.from({ length: labels }, () => x0),
      shared: x0,
    });
  return {
    tables: [tables],
    net: [...extractions.flatMap(({ layers }) => layers), ...towers.layers],
    fields: tables,
    extractions,
    towers,
    extracted,
    logits: (columns, run) => tf.tidy(() => towers.logits(extracted(tables.embed(columns), run).labels, run)),
  };
}

/**
 * Progressive layered extraction (PLE): layers of experts, some shared by all labels, some of each label alone. See the
 * README of this folder.
 *
 * @throws ConfigError as {@link createLr}.
 */
export function createPle(config: PleConfig, options: RankerOptions): Ranker {
  return createRanker(config, options, pleNet);
}
