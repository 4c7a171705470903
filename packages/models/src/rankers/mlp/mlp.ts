import type { FieldTables } from '../../features/field-tables.ts';
import { HiddenLayers } from '../../layers/hidden-layers.ts';
import type { Ranker } from '../../model.ts';
import type { RankerOptions } from '../ranker.ts';
import { createRanker, type NetOptions, type RankerNet } from '../row-model.ts';
import { rowTables } from '../row-tables.ts';
import type { MlpConfig } from './config.ts';

/** The net of {@link createMlp}. */
export function mlpNet(
  config: MlpConfig,
  { fields, labels, seed, stores }: NetOptions,
): RankerNet & { readonly fields: FieldTables; readonly deep: HiddenLayers } {
  const { embeddingDim, hiddenSizes, dropout } = config;
  const tables = rowTables(config, { fields, seed, stores });
  const inputDim = fields.length * embeddingDim;
  const sizes = { inputDim, hiddenSizes, outputDim: labels, separateOutputs: true };
  const deep = new HiddenLayers({ ...sizes, dropout, seed, stream: 'deep' });
  return {
    tables: [tables],
    net: [deep],
    fields: tables,
    deep,
    logits: (columns, run) => deep.forward(tables.embed(columns), run),
  };
}

/**
 * Hidden layers over the vectors of all fields ("deep", "DNN"). See the README of this folder.
 *
 * @throws ConfigError as {@link createLr}.
 */
export function createMlp(config: MlpConfig, options: RankerOptions): Ranker {
  return createRanker(config, options, mlpNet);
}
