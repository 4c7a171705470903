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
import type { Place } from '../../golden/module.ts';
import type { HiddenLayers } from '../../layers/hidden-layers.ts';
import { mmoeNet } from './mmoe.ts';

export const expertArguments = {
  ...commonArguments,
  expert_hidden_units: z.array(size).min(1),
  gate_hidden_units: z.array(size),
  tower_hidden_units: z.array(size),
  hidden_activations: activation,
  net_dropout: z.number().default(0),
};

/** Places of the layers of several modules, by their names there. */
export function placesOf(layers: Readonly<Record<string, HiddenLayers>>, dropout: number): Record<string, Place> {
  return Object.assign({}, ...Object.entries(layers).map(([name, layer]) => mlpPlaces(layer, name, dropout)));
}

const byNumber = (prefix: string, layers: readonly HiddenLayers[]): Record<string, HiddenLayers> =>
  Object.fromEntries(layers.map((layer, i) => [`${prefix}.${i}`, layer]));

const mmoeSchema = z.object({ ...expertArguments, num_experts: size });

/** `MMoE` of FuxiCTR. */
export const fuxiCtrMmoe: FuxiCtrBuilder = (file, fields) => {
  const given = argumentsOf(mmoeSchema, file);
  const net = mmoeNet(
    {
      kind: 'mmoe',
      ...sharedSettings,
      embeddingDim: given.embedding_dim,
      experts: given.num_experts,
      expertHiddenSizes: given.expert_hidden_units,
      gateHiddenSizes: given.gate_hidden_units,
      towerHiddenSizes: given.tower_hidden_units,
      dropout: 0,
      gateDropout: 0,
    },
    optionsOf(fields, file.config.labels.length),
  );
  const columns = columnsOf(fields);
  const { experts, gates, towers } = net;
  return {
    layers: net,
    l2: { embeddingL2: given.embedding_regularizer, netL2: given.net_regularizer },
    places: {
      ...tablePlaces(net.fields, fields, TABLES),
      ...placesOf(
        {
          ...byNumber('mmoe_layer.experts', experts),
          ...byNumber('mmoe_layer.gate', gates),
          ...byNumber('tower', towers.layers),
        },
        given.net_dropout,
      ),
    },
    logits: (rows = columns) => net.logits(rows, RUN),
    taps: { mmoe_layer: () => net.mixtures(net.fields.embed(columns), RUN) },
  };
};
