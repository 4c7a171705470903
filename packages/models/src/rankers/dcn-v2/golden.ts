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
import type { Place } from '../../golden/module.ts';
import type { StreamLayer } from '../../layers/layer.ts';
import { dcnV2Net } from './dcn-v2.ts';

const dcnSchema = z.object({
  ...commonArguments,
  model_structure: z.enum(['crossnet_only', 'stacked', 'parallel', 'stacked_parallel']).default('parallel'),
  use_low_rank_mixture: z.boolean().default(false),
  low_rank: size.default(32),
  num_experts: size.default(4),
  num_cross_layers: size.default(3),
  stacked_dnn_hidden_units: z.array(size).default([]),
  parallel_dnn_hidden_units: z.array(size).default([]),
  dnn_activations: activation,
  net_dropout: z.number().default(0),
});

/** `DCNv2` of FuxiCTR. */
export const fuxiCtrDcnV2: FuxiCtrBuilder = (file, fields) => {
  const given = argumentsOf(dcnSchema, file);
  if (given.model_structure === 'stacked_parallel') return 'no DCN-V2 with hidden layers both after and beside';
  const structure = given.model_structure === 'crossnet_only' ? 'cross' : given.model_structure;
  const net = dcnV2Net(
    {
      kind: 'dcn-v2',
      ...sharedSettings,
      embeddingDim: given.embedding_dim,
      crossLayers: given.num_cross_layers,
      cross: given.use_low_rank_mixture ? 'mixture' : 'full',
      rank: given.low_rank,
      experts: given.num_experts,
      structure,
      hiddenSizes: structure === 'stacked' ? given.stacked_dnn_hidden_units : given.parallel_dnn_hidden_units,
      dropout: 0,
    },
    optionsOf(fields),
  );
  const columns = columnsOf(fields);
  return {
    layers: net,
    l2: { embeddingL2: given.embedding_regularizer, netL2: given.net_regularizer },
    places: {
      ...tablePlaces(net.fields, fields, TABLES),
      ...crossPlaces(net.cross, given.num_experts),
      ...(net.deep === undefined ? {} : mlpPlaces(net.deep, `${structure}_dnn`, given.net_dropout)),
      ...places(net.head, { weight: 'fc.weight', bias: 'fc.bias' }),
    },
    logits: (rows = columns) => net.logits(rows, RUN),
    taps: {
      embedding_layer: () => net.fields.embed(columns),
      crossnet: () => net.cross.forward(net.fields.embed(columns)),
    },
  };
};

/** `0.weight` is that of the first layer; the gates of the experts are rows of one matrix here. */
function crossPlaces(cross: StreamLayer, experts: number): Record<string, Place> {
  const mixture = cross.names.includes('gates');
  const lists: Readonly<Record<string, string>> = { u: 'U_list', v: 'V_list', c: 'C_list', bias: 'bias' };
  return Object.fromEntries(
    cross.names.flatMap((own): (readonly [string, Place])[] => {
      const variable = cross.weight(own);
      if (own === 'gates') {
        return Array.from({ length: experts }, (_, k) => [`crossnet.gating.${k}.weight`, { variable, begin: k }]);
      }
      const [i, part] = own.split('.');
      return [[`crossnet.${mixture ? `${lists[part]}.${i}` : `cross_layers.${i}.${part}`}`, { variable }]];
    }),
  );
}
