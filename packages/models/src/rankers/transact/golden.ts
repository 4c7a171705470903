import { z } from 'zod';
import { size } from '../../config/fields.ts';
import { argumentsOf } from '../../golden/fuxictr-file.ts';
import { fieldNames, HISTORY_TABLES, historyArguments, historyOfFile } from '../../golden/fuxictr-history.ts';
import {
  columnsOf,
  type FuxiCtrBuilder,
  mlpPlaces,
  optionsOf,
  RUN,
  sharedSettings,
  tablePlaces,
} from '../../golden/fuxictr-model.ts';
import type { Place } from '../../golden/module.ts';
import { torchName } from '../../golden/transact.ts';
import type { HiddenLayers } from '../../layers/hidden-layers.ts';
import { transactConfigSchema } from './config.ts';
import { transactNet } from './transact.ts';

const schema = z.object({
  ...historyArguments,
  dcn_cross_layers: z.int().min(1),
  dcn_hidden_units: z.array(size),
  mlp_hidden_units: z.array(size).max(0),
  num_heads: z.int().min(1),
  transformer_layers: z.int().min(1),
  dim_feedforward: size,
  target_item_field: fieldNames,
  sequence_item_field: fieldNames,
  first_k_cols: z.int().min(1),
  concat_max_pool: z.boolean(),
});

/** `TransAct` of FuxiCTR. */
export const fuxiCtrTransact: FuxiCtrBuilder = (file, fields) => {
  const given = argumentsOf(schema, file);
  const of = { targets: given.target_item_field, sequences: given.sequence_item_field, maxEvents: 64 };
  const { fields: history, history: rows, dispose } = historyOfFile(file, fields, of);
  const config = transactConfigSchema.parse({
    kind: 'transact',
    ...sharedSettings,
    ...{ embeddingDim: given.embedding_dim, crossLayers: given.dcn_cross_layers, hiddenSizes: given.dcn_hidden_units },
    ...{ numBlocks: given.transformer_layers, numHeads: given.num_heads, feedForwardDim: given.dim_feedforward },
    ...{ latest: given.first_k_cols, maxPool: given.concat_max_pool, order: 'oldest-first' },
  });
  const net = transactNet(config, { ...optionsOf(fields), history });
  const { blocks, pooled } = net.module.encoder;
  const encoder = 'transformer_encoders.0';
  const [cross, deep, head] = net.tower.layers;
  const places: Record<string, Place> = {
    ...tablePlaces(net.fields, fields, HISTORY_TABLES),
    ...mlpPlaces(deep as HiddenLayers, 'parallel_dnn', 0),
  };
  for (const [i, block] of blocks.entries()) {
    for (const name of block.names) {
      const theirs = `${encoder}.transformer_encoder.layers.${i}.${torchName(name)}`;
      places[theirs] = { variable: block.weight(name) };
    }
  }
  for (const name of pooled?.names ?? []) {
    places[`${encoder}.out_linear.${name}`] = { variable: pooled!.weight(name) };
  }
  for (const name of cross.names) places[`crossnet.cross_layers.${name}`] = { variable: cross.weight(name) };
  for (const name of head.names) places[`mlp.mlp.0.${name}`] = { variable: head.weight(name) };
  const columns = columnsOf(fields);
  return {
    layers: net,
    l2: { embeddingL2: given.embedding_regularizer, netL2: given.net_regularizer },
    places,
    logits: () => net.logits(columns, RUN, rows),
    taps: {},
    dispose,
  };
};
