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
  places,
  RUN,
  sharedSettings,
  TABLES,
  tablePlaces,
} from '../../golden/fuxictr-model.ts';
import { autointNet } from './autoint.ts';

const flag = z.boolean().default(false);
const autoIntSchema = z.object({
  ...commonArguments,
  dnn_hidden_units: z.array(size).default([64, 64, 64]),
  dnn_activations: activation,
  attention_layers: size.default(2),
  num_heads: size.default(1),
  attention_dim: size.default(8),
  net_dropout: z.number().default(0),
  layer_norm: flag,
  use_scale: flag,
  use_wide: flag,
  use_residual: z.boolean().default(true),
});

/** `AutoInt` of FuxiCTR. */
export const fuxiCtrAutoInt: FuxiCtrBuilder = (file, fields) => {
  const given = argumentsOf(autoIntSchema, file);
  const net = autointNet(
    {
      kind: 'autoint',
      ...sharedSettings,
      embeddingDim: given.embedding_dim,
      attentionLayers: given.attention_layers,
      attentionDim: given.attention_dim,
      heads: given.num_heads,
      layerNorm: given.layer_norm,
      useScale: given.use_scale,
      useWide: given.use_wide,
      useResidual: given.use_residual,
      hiddenSizes: given.dnn_hidden_units,
      dropout: 0,
    },
    optionsOf(fields),
  );
  const columns = columnsOf(fields);
  const theirs: Readonly<Record<string, string>> = {
    query: 'W_q.weight',
    key: 'W_k.weight',
    value: 'W_v.weight',
    residual: 'W_res.weight',
    'norm.weight': 'layer_norm.weight',
    'norm.bias': 'layer_norm.bias',
  };
  const ofAttention = net.attention.map((layer, i) =>
    places(layer, Object.fromEntries(layer.names.map((own) => [own, `self_attention.${i}.${theirs[own]}`]))),
  );
  return {
    layers: net,
    l2: { embeddingL2: given.embedding_regularizer, netL2: given.net_regularizer },
    places: {
      ...tablePlaces(net.fields, fields, TABLES),
      ...(net.wide && tablePlaces(net.wide, fields, `lr_layer.${TABLES}`)),
      ...(net.deep && mlpPlaces(net.deep, 'dnn', given.net_dropout)),
      ...Object.assign({}, ...ofAttention),
      ...places(net.head, { weight: 'fc.weight', bias: 'fc.bias' }),
    },
    logits: (rows = columns) => net.logits(rows, RUN),
    taps: {
      embedding_layer: () => net.fields.embed(columns),
      self_attention: () => net.attended(columns, RUN),
    },
  };
};
