import type { EncodedColumn } from '@seqrec/data';
import type * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { size } from '../config/fields.ts';
import type { FieldTables } from '../features/field-tables.ts';
import type { HiddenLayers } from '../layers/hidden-layers.ts';
import type { StreamLayer } from '../layers/layer.ts';
import type { RowLayers } from '../rankers/row-model.ts';
import { type FuxiCtrField, type FuxiCtrFile, regulariser } from './fuxictr-file.ts';
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
  readonly taps: Readonly<Record<string, () => tf.Tensor | readonly tf.Tensor[]>>;
}

/** Makes the model of a file; a sentence when there is none. */
export type FuxiCtrBuilder = (file: FuxiCtrFile, fields: readonly FuxiCtrField[]) => FuxiCtrModel | string;

export const RUN = { training: false, step: 0, seed: 0 };
export const TABLES = 'embedding_layer.embedding_layer.embedding_layers';
export const sharedSettings = { userId: true, itemId: true, embeddingStd: 1, embeddingL2: 0, netL2: 0 } as const;
export const activation = z
  .string()
  .regex(/^relu$/i)
  .default('relu');
export const commonArguments = {
  embedding_dim: size,
  embedding_regularizer: regulariser,
  net_regularizer: regulariser,
};

export function tablePlaces(
  tables: FieldTables,
  fields: readonly FuxiCtrField[],
  prefix: string,
): Record<string, Place> {
  return Object.fromEntries(fields.map(({ name }) => [`${prefix}.${name}.weight`, { variable: tables.table(name) }]));
}

/** Linear layers of `torch.nn.Sequential`, with what stands between them. */
export function mlpPlaces(layer: HiddenLayers, prefix: string, dropout: number): Record<string, Place> {
  const between = dropout > 0 ? 3 : 2;
  return Object.fromEntries(
    layer.names.map((name) => {
      const [i, part] = name.split('.');
      return [`${prefix}.mlp.${Number(i) * between}.${part}`, { variable: layer.weight(name) }];
    }),
  );
}

export function places(layer: StreamLayer, names: Readonly<Record<string, string>>): Record<string, Place> {
  return Object.fromEntries(Object.entries(names).map(([own, name]) => [name, { variable: layer.weight(own) }]));
}

export const optionsOf = (fields: readonly FuxiCtrField[], labels = 1) => ({ fields, labels, seed: 0 });
export const columnsOf = (fields: readonly FuxiCtrField[]) => fields.map(({ column }) => column);
