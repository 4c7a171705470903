import { embedding } from '@seqrec/core';
import { applyTransform, type BatchColumns, type Column, type EncodedColumn, takeEncoded } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { inputScaleOf } from '../config/encoder-fields.ts';
import { ConfigError } from '../errors.ts';
import type { EncoderBatch } from '../inputs.ts';
import { interleave } from '../layers/interleave.ts';
import { dropAt, type NamedLayer, type Run } from '../layers/layer.ts';
import { Projection } from '../layers/projection.ts';
import type { FittedFeature, FittedFeatures } from './fitted.ts';
import { idMask } from './id-mask.ts';
import { FeatureEmbedding } from './layer.ts';

/** What features add to an encoder. */
export interface FeatureParts {
  readonly layers: readonly NamedLayer[];
  /** What batches must carry for them. */
  readonly columns: BatchColumns;
  /** Whether there are features of items. */
  readonly ofItems: boolean;
  /** Whether the vectors that are scored have the features of items as well. */
  readonly scored: boolean;
  /**
   * Vectors of items with their features: `m_i E[i] + f_1(i) + ...`, under `concat`
   * `W m_i E[i] + b + W_1 f_1(i) + ...`; `m_i` is 0 for an item without a training event and under id dropout.
   *
   * @param table `[U, D]`; `ids` the item of each row, absent: row `i` is item `i`.
   */
  items(table: tf.Tensor2D, run: Run, ids?: Int32Array): tf.Tensor2D;
  /** Tokens with the features of their events and of the user, `[T, D]`; interleaved those of events on the actions. */
  tokens(x: tf.Tensor2D, batch: EncoderBatch, run: Run): tf.Tensor2D;
}

export interface FeatureSettings {
  readonly config: {
    readonly kind: string;
    readonly inputDropout: number;
    readonly combineFeatures?: 'sum' | 'concat';
    readonly featureDim?: number;
    readonly itemFeatures?: 'both' | 'input';
    readonly idDropout?: number;
    readonly inputScale?: 'sqrt-dim' | 'one';
  };
  readonly seed: number;
  /** Width of the item table, and of the tokens. */
  readonly itemDim: number;
  readonly tokenDim: number;
  readonly isInterleaved: boolean;
}

/** The layers of fitted features and what they do. */
export function featureParts(fitted: FittedFeatures, settings: FeatureSettings): FeatureParts {
  const { config, seed, itemDim, tokenDim, isInterleaved } = settings;
  const concat = config.combineFeatures === 'concat';
  const hiddenDim = concat ? (config.featureDim ?? 16) : undefined;
  const parts = fitted.features.map((feature) => {
    const path = `features.${feature.table}.${feature.name}`;
    const outputDim = feature.table === 'items' ? itemDim : tokenDim;
    const layer = new FeatureEmbedding({ transform: feature.transform, outputDim, hiddenDim, seed, stream: path });
    return { feature, layer, named: { layer, names: Object.fromEntries(layer.names.map((n) => [n, `${path}.${n}`])) } };
  });
  const of = (table: FittedFeature['table']) => parts.filter(({ feature }) => feature.table === table);
  const [ofItems, ofEvents, ofUsers] = [of('items'), of('events'), of('users')];
  const idMap =
    concat && ofItems.length > 0
      ? new Projection({ inputDim: itemDim, outputDim: itemDim, seed, stream: 'features.id' })
      : undefined;
  const everyIdKnown = fitted.trained.indexOf(0, 1) < 0;
  const { idDropout = 0 } = config;
  // As the item vectors that they are added to.
  const scale = inputScaleOf(config, tokenDim);

  function items(table: tf.Tensor2D, run: Run, ids?: Int32Array): tf.Tensor2D {
    if (ofItems.length === 0) return table;
    return tf.tidy(() => {
      let x = table;
      if (!everyIdKnown || (run.training && idDropout > 0)) {
        const mask = idMask(fitted.trained, idDropout, run, ids);
        x = tf.mul(x, tf.tensor2d(mask, [mask.length, 1]));
      }
      if (idMap !== undefined) x = idMap.apply(x) as tf.Tensor2D;
      const vectors = ofItems.map(({ feature, layer }) => {
        const column = fitted.items.get(feature.name) as EncodedColumn;
        return layer.embed(ids === undefined ? column : takeEncoded(column, ids));
      });
      return tf.addN([x, ...vectors]) as tf.Tensor2D;
    });
  }

  function tokens(x: tf.Tensor2D, batch: EncoderBatch, run: Run): tf.Tensor2D {
    if (ofEvents.length + ofUsers.length === 0) return x;
    return tf.tidy(() => {
      const { columns } = batch.host;
      const sum = (of: typeof parts, given: ReadonlyMap<string, Column> | undefined): tf.Tensor2D | undefined => {
        const read = of.flatMap(({ feature, layer }) => {
          const column = encoded(feature, given, run, config.kind);
          return column === undefined ? [] : [layer.embed(column)];
        });
        return read.length === 0 ? undefined : (tf.addN(read) as tf.Tensor2D);
      };
      const add = (to: tf.Tensor2D, vectors: tf.Tensor2D, site: string): tf.Tensor2D =>
        tf.add(to, dropAt(tf.mul(vectors, scale), config.inputDropout, `features.${site}`, run));
      let out = x;
      const events = sum(ofEvents, columns?.tokens);
      if (events !== undefined) {
        out = add(out, isInterleaved ? interleave(tf.zerosLike(events), events) : events, 'events');
      }
      const users = sum(ofUsers, columns?.users);
      if (users === undefined) return out;
      const { offsets } = batch.host;
      const sequence = new Int32Array(batch.numTokens);
      for (let b = 0; b < batch.numSequences; b++) sequence.fill(b, offsets[b], offsets[b + 1]);
      const each = embedding(users, tf.tensor1d(sequence, 'int32'));
      return add(out, isInterleaved ? interleave(each, each) : each, 'users');
    });
  }

  const namesOf = (of: typeof parts): string[] => [...new Set(of.flatMap(({ feature }) => feature.transform.columns))];
  return {
    layers: [
      ...(idMap === undefined
        ? []
        : [{ layer: idMap, names: { weight: 'features.id.weight', bias: 'features.id.bias' } }]),
      ...parts.map(({ named }) => named),
    ],
    columns: { tokens: namesOf(ofEvents), users: namesOf(ofUsers) },
    ofItems: ofItems.length > 0,
    scored: ofItems.length > 0 && (config.itemFeatures ?? 'both') === 'both',
    items,
    tokens,
  };
}

/** The rows of a feature in a batch. A history from elsewhere may come without: its vectors are left out. */
function encoded(
  { name, table, transform }: FittedFeature,
  columns: ReadonlyMap<string, Column> | undefined,
  { training }: Run,
  kind: string,
): EncodedColumn | undefined {
  const found = transform.columns.map((column) => columns?.get(column));
  if (found.every((column) => column !== undefined)) return applyTransform(transform, found);
  if (!training) return undefined;
  throw new ConfigError(
    `${kind}: features: expected a batch with the column ${name} of ${table}; got one without; make batches with makeBatch(set, indices, model.columns)`,
    'features',
  );
}
