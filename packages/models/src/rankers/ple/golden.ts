import { z } from 'zod';
import { size } from '../../config/fields.ts';
import { argumentsOf } from '../../golden/fuxictr-file.ts';
import {
  columnsOf,
  type FuxiCtrBuilder,
  optionsOf,
  RUN,
  sharedSettings,
  TABLES,
  tablePlaces,
} from '../../golden/fuxictr-model.ts';
import type { HiddenLayers } from '../../layers/hidden-layers.ts';
import { expertArguments, placesOf } from '../mmoe/golden.ts';
import type { Extraction } from './extraction.ts';
import { pleNet } from './ple.ts';

const pleSchema = z.object({
  ...expertArguments,
  num_layers: size,
  num_shared_experts: size,
  num_specific_experts: size,
});

/** `PLE` of FuxiCTR, whose shared gate mixes the shared experts alone. */
export const fuxiCtrPle: FuxiCtrBuilder = (file, fields) => {
  const given = argumentsOf(pleSchema, file);
  const net = pleNet(
    {
      kind: 'ple',
      ...sharedSettings,
      embeddingDim: given.embedding_dim,
      layers: given.num_layers,
      sharedExperts: given.num_shared_experts,
      ownExperts: given.num_specific_experts,
      expertHiddenSizes: given.expert_hidden_units,
      gateHiddenSizes: given.gate_hidden_units,
      sharedGate: 'shared-experts',
      towerHiddenSizes: given.tower_hidden_units,
      dropout: 0,
      gateDropout: 0,
    },
    optionsOf(fields, file.config.labels.length),
  );
  const columns = columnsOf(fields);
  const towers = Object.fromEntries(net.towers.layers.map((layer, l) => [`tower.${l}`, layer]));
  const layers = Object.assign({}, ...net.extractions.map((each, i) => modulesOf(each, `cgc_layers.${i}`)));
  const x0 = () => net.fields.embed(columns);
  return {
    layers: net,
    l2: { embeddingL2: given.embedding_regularizer, netL2: given.net_regularizer },
    places: {
      ...tablePlaces(net.fields, fields, TABLES),
      ...placesOf({ ...layers, ...towers }, given.net_dropout),
    },
    logits: (rows = columns) => net.logits(rows, RUN),
    taps: {
      'cgc_layers.0': () => {
        const { labels, shared } = net.extracted(x0(), RUN, 1);
        return shared === undefined ? labels : [...labels, shared];
      },
    },
  };
};

/** The layers of an extraction by their names there. */
function modulesOf({ shared, own, gates }: Extraction, prefix: string): Record<string, HiddenLayers> {
  const named = [
    ...shared.map((layer, e) => [`${prefix}.shared_experts.${e}`, layer] as const),
    ...own.flatMap((experts, l) => experts.map((layer, e) => [`${prefix}.specific_experts.${l}.${e}`, layer] as const)),
    ...gates.map((layer, g) => [`${prefix}.gate.${g}`, layer] as const),
  ];
  return Object.fromEntries(named);
}
