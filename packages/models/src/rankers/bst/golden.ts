import { z } from 'zod';
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
import type { HiddenLayers } from '../../layers/hidden-layers.ts';
import { bstNet } from './bst.ts';
import { bstConfigSchema, bstPoolings } from './config.ts';

const schema = z.object({
  ...historyArguments,
  num_heads: z.int().min(1),
  stacked_transformer_layers: z.int().min(1),
  bst_target_field: fieldNames,
  bst_sequence_field: fieldNames,
  seq_pooling_type: z.enum(bstPoolings),
  use_position_emb: z.boolean(),
  use_causal_mask: z.literal(false),
});

const NAMES: Readonly<Record<string, string>> = {
  linear1: 'ffn.0',
  linear2: 'ffn.2',
  norm1: 'layer_norm1',
  norm2: 'layer_norm2',
};

/** `BST` of FuxiCTR. */
export const fuxiCtrBst: FuxiCtrBuilder = (file, fields) => {
  const given = argumentsOf(schema, file);
  const [sequence] = given.bst_sequence_field;
  const maxEvents = file.inputs[sequence].shape[1];
  const of = { targets: given.bst_target_field, sequences: given.bst_sequence_field, maxEvents };
  const { fields: history, history: rows, dispose } = historyOfFile(file, fields, of);
  const config = bstConfigSchema.parse({
    kind: 'bst',
    ...sharedSettings,
    ...{ embeddingDim: given.embedding_dim, hiddenSizes: given.dnn_hidden_units },
    ...{ numBlocks: given.stacked_transformer_layers, numHeads: given.num_heads },
    ...{ positions: given.use_position_emb, pooling: given.seq_pooling_type },
  });
  const net = bstNet(config, { ...optionsOf(fields), history });
  const { blocks, positions } = net.module;
  const encoder = 'transformer_encoders.0';
  const places: Record<string, Place> = {
    ...tablePlaces(net.fields, fields, HISTORY_TABLES),
    ...mlpPlaces(net.tower.layers[0] as HiddenLayers, 'dnn', 0),
  };
  if (positions !== undefined) places[`${encoder}.position_emb`] = { variable: positions.weight('weight') };
  for (const [i, block] of blocks.entries()) {
    for (const name of block.names) {
      const [layer, part] = name.split('.');
      const theirs = layer in NAMES ? `${NAMES[layer]}.${part}` : `attention.${name}`;
      places[`${encoder}.transformer_blocks.${i}.${theirs}`] = { variable: block.weight(name) };
    }
  }
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
