import { z } from 'zod';
import { size } from '../../config/fields.ts';
import { argumentsOf } from '../../golden/fuxictr-file.ts';
import {
  columnsOf,
  commonArguments,
  type FuxiCtrBuilder,
  optionsOf,
  places,
  RUN,
  sharedSettings,
  tablePlaces,
} from '../../golden/fuxictr-model.ts';
import type { Place } from '../../golden/module.ts';
import { type FcnBranch, fcnNet } from './fcn.ts';

const TABLES = 'embedding_layer.embedding_layer.embedding_layer.embedding_layers';

const fcnSchema = z.object({
  ...commonArguments,
  num_deep_cross_layers: size.default(4),
  num_shallow_cross_layers: size.default(4),
  layer_norm: z.boolean().default(true),
  batch_norm: z.boolean().default(false),
  num_heads: size.default(1),
});

/** `DCNv3` of salmon1802/FCN, a model on the layers of FuxiCTR. */
export const fuxiCtrFcn: FuxiCtrBuilder = (file, fields) => {
  const given = argumentsOf(fcnSchema, file);
  if (given.batch_norm) return 'no FCN with batch norm';
  const net = fcnNet(
    {
      kind: 'fcn',
      ...sharedSettings,
      // Of the reference it is the width of a head.
      embeddingDim: given.embedding_dim * given.num_heads,
      exponentialLayers: given.num_deep_cross_layers,
      linearLayers: given.num_shallow_cross_layers,
      heads: given.num_heads,
      layerNorm: given.layer_norm,
      dropout: 0,
      detachWeights: false,
    },
    optionsOf(fields),
  );
  const columns = columnsOf(fields);
  const tap = (branch: 0 | 1) => () => net.branches.logits(columns, RUN).branches[branch];
  return {
    layers: net,
    l2: { embeddingL2: given.embedding_regularizer, netL2: given.net_regularizer },
    places: {
      ...tablePlaces(net.fields, fields, TABLES),
      ...branchPlaces(net.exponential, 'ECN', 'dfc'),
      ...branchPlaces(net.linear, 'LCN', 'sfc'),
    },
    logits: (rows = columns) => net.logits(rows, RUN),
    branches: { names: ['y_d', 'y_s'], logits: () => net.branches.logits(columns, RUN), loss: net.branches.loss },
    taps: { embedding_layer: () => net.input(columns), ECN: tap(0), LCN: tap(1) },
  };
};

function branchPlaces({ cross, head }: FcnBranch, prefix: string, ofHead: string): Record<string, Place> {
  const own = cross.names.map((name) => {
    const [i, part, ofNorm] = name.split('.');
    const theirs = { weight: `w.${i}.weight`, bias: `b.${i}`, norm: `layer_norm.${i}.${ofNorm}` }[part];
    return [name, `${prefix}.${theirs}`] as const;
  });
  return {
    ...places(cross, Object.fromEntries(own)),
    ...places(head, { weight: `${prefix}.${ofHead}.weight`, bias: `${prefix}.${ofHead}.bias` }),
  };
}
