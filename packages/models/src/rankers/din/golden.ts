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
import type { HiddenLayers } from '../../layers/hidden-layers.ts';
import { dinConfigSchema } from './config.ts';
import { dinNet } from './din.ts';

const schema = z.object({
  ...historyArguments,
  attention_hidden_units: z.array(size).default([64]),
  attention_hidden_activations: z.string().default('Dice'),
  dnn_activations: z.string().default('relu'),
  din_target_field: fieldNames,
  din_sequence_field: fieldNames,
  din_use_softmax: z.boolean().default(false),
});

/** `DIN` of FuxiCTR. */
export const fuxiCtrDin: FuxiCtrBuilder = (file, fields) => {
  const given = argumentsOf(schema, file);
  const { attention_hidden_activations: activation, dnn_activations: deep } = given;
  if (!/^relu$/i.test(deep) || !/^relu$/i.test(activation)) return 'no DIN with Dice';
  const of = { targets: given.din_target_field, sequences: given.din_sequence_field, maxEvents: 64 };
  const { fields: history, history: rows, dispose } = historyOfFile(file, fields, of);
  const config = dinConfigSchema.parse({
    kind: 'din',
    ...sharedSettings,
    ...{ embeddingDim: given.embedding_dim, hiddenSizes: given.dnn_hidden_units },
    attentionHiddenSizes: given.attention_hidden_units,
    attentionSoftmax: given.din_use_softmax,
  });
  const net = dinNet(config, { ...optionsOf(fields), history });
  const { unit } = net.module;
  const attention = unit.names.map((name) => {
    const [i, part] = name.split('.');
    const theirs = `attention_layers.0.attention_layer.mlp.${2 * Number(i)}.${part}`;
    return [theirs, { variable: unit.weight(name) }] as const;
  });
  const columns = columnsOf(fields);
  const vectors = () => net.history.vectors(rows);
  return {
    layers: net,
    l2: { embeddingL2: given.embedding_regularizer, netL2: given.net_regularizer },
    places: {
      ...tablePlaces(net.fields, fields, HISTORY_TABLES),
      ...Object.fromEntries(attention),
      ...mlpPlaces(net.tower.layers[0] as HiddenLayers, 'dnn', 0),
    },
    logits: () => net.logits(columns, RUN, rows),
    taps: {
      'attention_layers.0': () =>
        net.module.pool({ ...rows, ...vectors(), offsets: rows.batch.hostOffsets, run: RUN, eventRun: RUN }),
    },
    dispose,
  };
};
