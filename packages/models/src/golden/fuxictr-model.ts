import type { EncodedColumn } from '@seqrec/data';
import type * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { size } from '../config/fields.ts';
import type { FieldTables } from '../features/field-tables.ts';
import { isRunning, type StreamLayer } from '../layers/layer.ts';
import type { RunningStatistics } from '../layers/running.ts';
import type { Branches, BranchLogits } from '../model.ts';
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
  /** Of a model whose branches are trained as well; their probabilities or logits have these names in the file. */
  readonly branches?: {
    readonly names: readonly string[];
    logits(): BranchLogits;
    readonly loss: Branches['loss'];
    /** Whether the file has logits of branches; else their probabilities. */
    readonly asLogits?: boolean;
  };
  /** What inner modules give, by their names there. */
  readonly taps: Readonly<Record<string, () => tf.Tensor | readonly tf.Tensor[]>>;
  /** In training, of a model with running values: what its logits see, and our value for each of the file's. */
  readonly running?: {
    readonly statistics: RunningStatistics;
    readonly variables: Readonly<Record<string, tf.Variable>>;
  };
  /** Frees what it was made of besides its weights. */
  dispose?(): void;
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
/** Activations that hidden layers here have, by their names there. */
export const hiddenActivation = z
  .string()
  .transform((name) => name.toLowerCase())
  .pipe(z.enum(['relu', 'sigmoid']));
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

/** Linear layers of `torch.nn.Sequential`, with what stands between them; without running values. */
export function mlpPlaces(layer: StreamLayer, prefix: string, dropout: number): Record<string, Place> {
  const weights = mlpVariables(layer, prefix, dropout).filter(([, variable]) => !isRunning(variable));
  return Object.fromEntries(weights.map(([name, variable]) => [name, { variable }]));
}

/** Their running values. */
export function mlpRunning(layer: StreamLayer, prefix: string, dropout: number): Record<string, tf.Variable> {
  return Object.fromEntries(mlpVariables(layer, prefix, dropout).filter(([, variable]) => isRunning(variable)));
}

function mlpVariables(layer: StreamLayer, prefix: string, dropout: number): (readonly [string, tf.Variable])[] {
  const between = dropout > 0 ? 3 : 2;
  return layer.names.map((name) => {
    const [i, ...parts] = name.split('.');
    // Those of Dice are of the module after the linear one.
    const own = parts[0] === 'alpha' || parts[0] === 'bn' ? 1 : 0;
    return [`${prefix}.mlp.${Number(i) * between + own}.${parts.join('.')}`, layer.weight(name)];
  });
}

export function places(layer: StreamLayer, names: Readonly<Record<string, string>>): Record<string, Place> {
  return Object.fromEntries(Object.entries(names).map(([own, name]) => [name, { variable: layer.weight(own) }]));
}

export const optionsOf = (fields: readonly FuxiCtrField[], labels = 1) => ({ fields, labels, seed: 0 });
export const columnsOf = (fields: readonly FuxiCtrField[]) => fields.map(({ column }) => column);
