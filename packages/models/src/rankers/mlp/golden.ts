import { z } from 'zod';
import { size } from '../../config/fields.ts';
import { argumentsOf } from '../../golden/fuxictr-file.ts';
import {
  activation,
  columnsOf,
  commonArguments,
  type FuxiCtrBuilder,
  mlpPlaces,
  optionsOf,
  RUN,
  sharedSettings,
  TABLES,
  tablePlaces,
} from '../../golden/fuxictr-model.ts';
import { mlpNet } from './mlp.ts';

const dnnSchema = z.object({
  ...commonArguments,
  hidden_units: z.array(size).default([64, 64, 64]),
  hidden_activations: activation,
  net_dropout: z.number().default(0),
});

/** `DNN` of FuxiCTR. */
export const fuxiCtrDnn: FuxiCtrBuilder = (file, fields) => {
  const given = argumentsOf(dnnSchema, file);
  const config = { ...sharedSettings, embeddingDim: given.embedding_dim, hiddenSizes: given.hidden_units, dropout: 0 };
  const net = mlpNet({ kind: 'mlp', ...config }, optionsOf(fields));
  const columns = columnsOf(fields);
  return {
    layers: net,
    l2: { embeddingL2: given.embedding_regularizer, netL2: given.net_regularizer },
    places: { ...tablePlaces(net.fields, fields, TABLES), ...mlpPlaces(net.deep, 'mlp', given.net_dropout) },
    logits: (rows = columns) => net.logits(rows, RUN),
    taps: { embedding_layer: () => net.fields.embed(columns) },
  };
};
