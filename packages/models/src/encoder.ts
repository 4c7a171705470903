import { embedding, l2Normalize, ShapeError } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { EncoderBatch } from './inputs.ts';
import type { ItemEmbedding, LearnedPositions } from './layers/embeddings.ts';
import { dropAt, hasLastRows, type Run, type StreamLayer } from './layers/layer.ts';
import type { SequenceModel } from './model.ts';

/** A layer of the stack and the reference's names of its weights. */
export interface NamedLayer {
  readonly layer: StreamLayer;
  /** Reference name by the layer's own weight name, in the order of the reference's state dict. */
  readonly names: Readonly<Record<string, string>>;
}

export interface EncoderParts<Config extends { readonly kind: string }> {
  readonly config: Config & {
    readonly embeddingDim: number;
    readonly maxSequenceLength: number;
    readonly inputDropout: number;
  };
  readonly items: ItemEmbedding;
  readonly positions: LearnedPositions;
  /** The blocks, in order. Each gets `[x, offsets]`, and `queryTimes, keyTimes` when `usesTime`. */
  readonly stack: readonly NamedLayer[];
  readonly usesTime: boolean;
  /** Applied once after the blocks. */
  readonly final?: NamedLayer;
  /** Groups the names by prefix, in this order, where the reference's state dict does not go block by block. */
  readonly nameGroups?: readonly string[];
}

const NORM_EPSILON = 1e-6;

/**
 * A stack of blocks between the reference's input and output:
 * `x = dropout(sqrt(D) E[id] + P[position])`, blocks, `o / max(||o||, 1e-6)`.
 */
export function createEncoder<Config extends { readonly kind: string }>(parts: EncoderParts<Config>): SequenceModel {
  const { config, items, positions, stack, usesTime, final } = parts;
  const layers: NamedLayer[] = [
    { layer: items, names: { weight: '_embedding_module._item_emb.weight' } },
    { layer: positions, names: { weight: '_input_features_preproc._pos_emb.weight' } },
    ...stack,
    ...(final === undefined ? [] : [final]),
  ];
  const named = layers.flatMap(({ layer, names }) =>
    Object.entries(names).map(([own, reference]) => [reference, layer.weight(own)] as const),
  );
  const group = (name: string): number => parts.nameGroups?.findIndex((prefix) => name.startsWith(prefix)) ?? 0;
  const variables = new Map(named.sort(([a], [b]) => group(a) - group(b)));
  const scale = Math.sqrt(config.embeddingDim);

  /** All rows, or those of the last tokens alone. */
  function encode(table: tf.Tensor2D, batch: EncoderBatch, run: Run, lastOnly = false): tf.Tensor2D {
    checkLengths(batch, positions.numPositions, config);
    const kwargs = { ...run };
    return tf.tidy('encode', () => {
      const tokens = tf.mul(embedding(table, batch.itemIds), scale);
      const placed = tf.add(tokens, positions.apply(batch.positions) as tf.Tensor2D) as tf.Tensor2D;
      let x: tf.Tensor = dropAt(placed, config.inputDropout, 'input', run);
      for (const [i, { layer }] of stack.entries()) {
        const inputs = [x, batch.offsets, ...(usesTime ? [batch.queryTimes, batch.keyTimes] : [])];
        const lastBlock = lastOnly && i === stack.length - 1;
        x = lastBlock ? lastRows(layer, inputs, batch) : (layer.apply(inputs, kwargs) as tf.Tensor);
      }
      if (final !== undefined) x = final.layer.apply(x, kwargs) as tf.Tensor;
      return l2Normalize(x as tf.Tensor2D, { epsilon: NORM_EPSILON });
    });
  }

  const itemTable = (): tf.Variable<tf.Rank.R2> => items.weight('weight') as tf.Variable<tf.Rank.R2>;
  const over = (table: () => tf.Tensor2D): SequenceModel => ({
    kind: config.kind,
    config,
    numItems: items.numItems,
    maxSequenceLength: config.maxSequenceLength,
    encode: (batch, run) => encode(table(), batch, run),
    encodeLast: (batch) => encode(table(), batch, { training: false, step: 0, seed: 0 }, true),
    itemVectors: () => l2Normalize(table(), { epsilon: NORM_EPSILON }),
    itemTable,
    withItemRows: (rows) => over(() => rows),
    variables: () => variables,
    dispose: () => {
      for (const variable of variables.values()) variable.dispose();
    },
  });
  return over(itemTable);
}

/** What the last block makes of the last token of each sequence, without the other rows where it can. */
function lastRows(layer: StreamLayer, inputs: tf.Tensor[], { hostOffsets }: EncoderBatch): tf.Tensor {
  const rows = hostOffsets.slice(1).map((end) => end - 1);
  const empty = rows.findIndex((row, b) => row < hostOffsets[b]);
  if (empty >= 0)
    throw new ShapeError(
      `encodeLast: expected at least one token in every sequence; got none in ${empty}; leave it out`,
    );
  const at = tf.tensor1d(rows, 'int32');
  return hasLastRows(layer) ? layer.last(inputs, at) : tf.gather(layer.apply(inputs) as tf.Tensor, at);
}

function checkLengths(batch: EncoderBatch, limit: number, config: { kind: string; maxSequenceLength: number }): void {
  if (batch.longest <= limit) return;
  throw new ShapeError(
    `encode: expected sequences of at most ${limit} tokens (maxSequenceLength + outputLength); got one of ${batch.longest} for '${config.kind}' with maxSequenceLength ${config.maxSequenceLength}; cut the histories with latestWindow`,
  );
}
