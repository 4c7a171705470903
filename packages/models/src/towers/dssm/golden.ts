import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { size } from '../../config/fields.ts';
import { argumentsOf } from '../../golden/fuxictr-file.ts';
import {
  activation,
  columnsOf,
  commonArguments,
  type FuxiCtrBuilder,
  mlpPlaces,
  RUN,
  sharedSettings,
  tablePlaces,
} from '../../golden/fuxictr-model.ts';
import { dssmNet } from './net.ts';

const units = z.array(size).min(1).default([64, 64, 64]);
const dssmSchema = z.object({
  ...commonArguments,
  user_tower_units: units,
  item_tower_units: units,
  user_tower_activations: activation,
  item_tower_activations: activation,
  user_tower_dropout: z.number().default(0),
  item_tower_dropout: z.number().default(0),
});

/** `DSSM` of FuxiCTR. */
export const fuxiCtrDssm: FuxiCtrBuilder = (file, fields) => {
  const given = argumentsOf(dssmSchema, file);
  const of = (source: string) => fields.filter((field) => field.source === source);
  const [queryFields, itemFields] = [of('user'), of('item')];
  const net = dssmNet(
    {
      kind: 'dssm',
      ...sharedSettings,
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
