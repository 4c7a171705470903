import { embedding } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { InputStage } from '../../encoder.ts';
import type { EncoderBatch, TokenBatch } from '../../inputs.ts';
import { ActionEmbedding, ratingActions } from '../../layers/actions.ts';
import { LearnedPositions } from '../../layers/embeddings.ts';
import type { Initialization } from '../../layers/initializers.ts';
import { interleave } from '../../layers/interleave.ts';
import { dropAt, type NamedLayer } from '../../layers/layer.ts';
import { smallStart } from '../../layers/small-start.ts';
import { tokenInput } from '../../layers/token-input.ts';
import type { HstuSwitches } from './blocks.ts';
import type { HstuConfig } from './config.ts';
import { reversePlaces } from './reverse-places.ts';

/** What the tokens are given besides their items and actions. */
interface Places {
  readonly layers: readonly NamedLayer[];
  /** Longest sequence of tokens that has places. */
  readonly limit?: number;
  add(x: tf.Tensor2D, batch: EncoderBatch, tokens: TokenBatch): tf.Tensor2D;
}

export interface HstuInputOptions {
  readonly config: HstuConfig & Pick<HstuSwitches, 'inputEncoding'>;
  /** `n`: rows of the table of places. */
  readonly paddedLength: number;
  readonly seed: number;
}

/**
 * The input of HSTU: `x = dropout(sqrt(D) E[id] + places)`. With actions summed `sqrt(D) (E[id] + A[action])`;
 * interleaved an event is two tokens, `sqrt(D) E[id]` and then `sqrt(D) A[action]`.
 */
export function hstuInput({ config, paddedLength, seed }: HstuInputOptions): InputStage {
  const { embeddingDim, actions, inputDropout } = config;
  const byPosition = config.inputEncoding === 'position';
  if (actions === 'none' && byPosition)
    return tokenInput({ config, positions: positionTable(config, paddedLength, seed) });
  const places = byPosition ? fromOldest : fromNewest;
  const { layers, limit, add } = places(config, paddedLength, seed);
  const table =
    actions === 'none' ? undefined : new ActionEmbedding({ actionDim: embeddingDim, seed, stream: 'actions' });
  const scale = Math.sqrt(embeddingDim);
  return {
    layers: [
      ...layers,
      ...(table === undefined
        ? []
        : [{ layer: table, names: { weight: '_input_features_preproc._action_emb.weight' } }]),
    ],
    limit,
    embed(items, batch, run, tokens) {
      let x = embedding(items, batch.itemIds);
      if (table !== undefined && !run.memory?.areCandidates) {
        const done = table.apply(tf.tensor1d(ratingActions(batch.host, run), 'int32')) as tf.Tensor2D;
        x = actions === 'sum' ? tf.add(x, done) : interleave(x, done);
      }
      return dropAt(add(tf.mul(x, scale), batch, tokens), inputDropout, 'input', run);
    },
  };
}

/** The reference re-draws this table with xavier-normal for HSTU, unlike for SASRec. */
function positionTable({ embeddingDim, initialStd }: HstuConfig, numPositions: number, seed: number): LearnedPositions {
  const initialization = smallStart(initialStd).table ?? { kind: 'xavier-normal' };
  return new LearnedPositions({ numPositions, embeddingDim, initialization, seed, stream: 'positions' });
}

function fromOldest(config: HstuConfig, paddedLength: number, seed: number): Places {
  const table = positionTable(config, paddedLength, seed);
  return {
    layers: [{ layer: table, names: { weight: '_input_features_preproc._pos_emb.weight' } }],
    limit: paddedLength,
    add: (x, _batch, { positions }) => tf.add(x, table.apply(positions) as tf.Tensor2D),
  };
}

function fromNewest(
  { embeddingDim, ageBuckets = 2048, ageScale = 'sqrt', initialStd }: HstuConfig,
  rows: number,
  seed: number,
): Places {
  const initial = (count: number): Initialization =>
    smallStart(initialStd).table ?? { kind: 'uniform', limit: Math.sqrt(1 / count) };
  const table = (numPositions: number, stream: string): LearnedPositions =>
    new LearnedPositions({ numPositions, embeddingDim, initialization: initial(numPositions), seed, stream });
  const positions = table(rows, 'positions');
  const ages = table(ageBuckets + 1, 'ages');
  const prefix = '_input_features_preproc';
  return {
    layers: [
      { layer: positions, names: { weight: `${prefix}._position_embeddings_weight` } },
      { layer: ages, names: { weight: `${prefix}._timestamp_embeddings_weight` } },
    ],
    add(x, { host }, tokens) {
      const options = { numPositions: rows, numBuckets: ageBuckets, scale: ageScale };
      const places = reversePlaces(tokens, host.timestamps, options);
      const read = (layer: LearnedPositions, ids: Int32Array): tf.Tensor2D =>
        layer.apply(tf.tensor1d(ids, 'int32')) as tf.Tensor2D;
      return tf.addN([x, read(positions, places.positions), read(ages, places.ages)]) as tf.Tensor2D;
    },
  };
}
