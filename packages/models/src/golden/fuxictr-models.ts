import type { EncodedColumn } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { size } from '../config/fields.ts';
import type { FieldTables } from '../features/field-tables.ts';
import type { HiddenLayers } from '../layers/hidden-layers.ts';
import type { StreamLayer } from '../layers/layer.ts';
import { dcnV2Net } from '../rankers/dcn-v2/dcn-v2.ts';
import { fmNet, pairwiseTerms } from '../rankers/fm/fm.ts';
import { lrNet } from '../rankers/lr/lr.ts';
import { mlpNet } from '../rankers/mlp/mlp.ts';
import type { RowLayers } from '../rankers/row-model.ts';
import { dssmNet } from '../towers/dssm/net.ts';
import { argumentsOf, type FuxiCtrField, type FuxiCtrFile, regulariser } from './fuxictr-file.ts';
import type { Place } from './module.ts';

/** A model of ours for a file. */
export interface FuxiCtrModel {
  readonly layers: RowLayers;
  readonly l2: { readonly embeddingL2: number; readonly netL2: number };
  /** Our weight for each parameter of the file. */
  readonly places: Readonly<Record<string, Place>>;
  /** Of the file's rows, or of others of the same fields. */
  logits(columns?: readonly EncodedColumn[]): tf.Tensor2D;
  /** What inner modules give, by their names there. */
  readonly taps: Readonly<Record<string, () => tf.Tensor>>;
}

/** Makes the model of a file; a sentence when there is none. */
export type FuxiCtrBuilder = (file: FuxiCtrFile, fields: readonly FuxiCtrField[]) => FuxiCtrModel | string;

const RUN = { training: false, step: 0, seed: 0 };
const TABLES = 'embedding_layer.embedding_layer.embedding_layers';
const shared = { userId: true, itemId: true, embeddingStd: 1, embeddingL2: 0, netL2: 0 } as const;
const activation = z
  .string()
  .regex(/^relu$/i)
  .default('relu');
const common = { embedding_dim: size, embedding_regularizer: regulariser, net_regularizer: regulariser };

function tablePlaces(tables: FieldTables, fields: readonly FuxiCtrField[], prefix: string): Record<string, Place> {
  return Object.fromEntries(fields.map(({ name }) => [`${prefix}.${name}.weight`, { variable: tables.table(name) }]));
}

/** Linear layers of `torch.nn.Sequential`, with what stands between them. */
function mlpPlaces(layer: HiddenLayers, prefix: string, dropout: number): Record<string, Place> {
  const between = dropout > 0 ? 3 : 2;
  return Object.fromEntries(
    layer.names.map((name) => {
      const [i, part] = name.split('.');
      return [`${prefix}.mlp.${Number(i) * between}.${part}`, { variable: layer.weight(name) }];
    }),
  );
}

function places(layer: StreamLayer, names: Readonly<Record<string, string>>): Record<string, Place> {
  return Object.fromEntries(Object.entries(names).map(([own, name]) => [name, { variable: layer.weight(own) }]));
}

const optionsOf = (fields: readonly FuxiCtrField[]) => ({ fields, labels: 1, seed: 0 });
const columnsOf = (fields: readonly FuxiCtrField[]) => fields.map(({ column }) => column);

const lr: FuxiCtrBuilder = (file, fields) => {
  const { regularizer } = argumentsOf(z.object({ regularizer: regulariser }), file);
  const net = lrNet({ kind: 'lr', ...shared }, optionsOf(fields));
  return {
    layers: net,
    l2: { embeddingL2: regularizer, netL2: regularizer },
    places: {
      ...tablePlaces(net.tables[0], fields, `lr_layer.${TABLES}`),
      ...places(net.net[0], { bias: 'lr_layer.bias' }),
    },
    logits: (columns = columnsOf(fields)) => net.logits(columns, RUN),
    taps: {},
  };
};

const fm: FuxiCtrBuilder = (file, fields) => {
  const { embedding_dim: embeddingDim, regularizer } = argumentsOf(
    z.object({ embedding_dim: size, regularizer: regulariser }),
    file,
  );
  const net = fmNet({ kind: 'fm', ...shared, embeddingDim }, optionsOf(fields));
  const columns = columnsOf(fields);
  return {
    layers: net,
    l2: { embeddingL2: regularizer, netL2: regularizer },
    places: {
      ...tablePlaces(net.tables[0], fields, TABLES),
      ...tablePlaces(net.tables[1], fields, `fm.lr_layer.${TABLES}`),
      ...places(net.net[0], { bias: 'fm.lr_layer.bias' }),
    },
    logits: (rows = columns) => net.logits(rows, RUN),
    taps: {
      embedding_layer: () => net.fields.embed(columns),
      'fm.lr_layer': () => net.linear(columns),
      'fm.fm_layer': () => pairwiseTerms(net.fields.vectors(columns), 1),
    },
  };
};

const dnnSchema = z.object({
  ...common,
  hidden_units: z.array(size).default([64, 64, 64]),
  hidden_activations: activation,
  net_dropout: z.number().default(0),
});

const dnn: FuxiCtrBuilder = (file, fields) => {
  const given = argumentsOf(dnnSchema, file);
  const config = { ...shared, embeddingDim: given.embedding_dim, hiddenSizes: given.hidden_units, dropout: 0 };
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

const dcnSchema = z.object({
  ...common,
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

const dcn: FuxiCtrBuilder = (file, fields) => {
  const given = argumentsOf(dcnSchema, file);
  if (given.model_structure === 'stacked_parallel') return 'no DCN-V2 with hidden layers both after and beside';
  const structure = given.model_structure === 'crossnet_only' ? 'cross' : given.model_structure;
  const net = dcnV2Net(
    {
      kind: 'dcn-v2',
      ...shared,
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

const units = z.array(size).min(1).default([64, 64, 64]);
const dssmSchema = z.object({
  ...common,
  user_tower_units: units,
  item_tower_units: units,
  user_tower_activations: activation,
  item_tower_activations: activation,
  user_tower_dropout: z.number().default(0),
  item_tower_dropout: z.number().default(0),
});

const dssm: FuxiCtrBuilder = (file, fields) => {
  const given = argumentsOf(dssmSchema, file);
  const of = (source: string) => fields.filter((field) => field.source === source);
  const [queryFields, itemFields] = [of('user'), of('item')];
  const net = dssmNet(
    {
      kind: 'dssm',
      ...shared,
      embeddingDim: given.embedding_dim,
      queryHiddenSizes: given.user_tower_units.slice(0, -1),
      itemHiddenSizes: given.item_tower_units.slice(0, -1),
      outputDim: given.user_tower_units.at(-1)!,
      dropout: 0,
      history: false,
      similarity: 'dot',
      idDropout: 0,
    },
    { queryFields, itemFields, seed: 0 },
  );
  const query = (): tf.Tensor2D => net.query(columnsOf(queryFields), RUN);
  const item = (): tf.Tensor2D => net.item(columnsOf(itemFields), RUN);
  const [ofQuery, ofItem] = net.tables;
  const prefix = 'embedding_layer.embedding_layers';
  return {
    layers: net,
    l2: { embeddingL2: given.embedding_regularizer, netL2: given.net_regularizer },
    places: {
      ...tablePlaces(ofQuery, queryFields, prefix),
      ...tablePlaces(ofItem, itemFields, prefix),
      ...mlpPlaces(net.queryTower, 'user_tower', given.user_tower_dropout),
      ...mlpPlaces(net.itemTower, 'item_tower', given.item_tower_dropout),
    },
    logits: () => tf.sum(tf.mul(query(), item()), 1, true) as tf.Tensor2D,
    taps: { user_tower: query, item_tower: item },
  };
};

/** By FuxiCTR's name of the model. */
export const fuxiCtrModels: Readonly<Record<string, FuxiCtrBuilder>> = {
  LR: lr,
  FM: fm,
  DNN: dnn,
  DCNv2: dcn,
  DSSM: dssm,
};
