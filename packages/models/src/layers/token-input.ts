import { embedTokens } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { inputScaleOf } from '../config/encoder-fields.ts';
import type { InputStage } from '../encoder.ts';
import type { LearnedPositions } from './embeddings.ts';
import { dropOptionsAt, type NamedLayer } from './layer.ts';
import { fromNewest } from './places.ts';

export interface TokenInputOptions {
  readonly config: {
    readonly embeddingDim: number;
    readonly inputDropout: number;
    readonly positionsFrom?: 'oldest' | 'newest';
    readonly inputScale?: 'sqrt-dim' | 'one';
  };
  /** Learned absolute positions; absent for encoders that know order otherwise. */
  readonly positions?: LearnedPositions;
}

/**
 * The input of the reference: `x = dropout(sqrt(D) E[id] + P[position])`, position 0 the oldest event, or the newest
 * with `positionsFrom`; without a table of positions `x = dropout(sqrt(D) E[id])`. With `inputScale: one` 1 stands for
 * `sqrt(D)`.
 */
export function tokenInput({ config, positions }: TokenInputOptions): InputStage {
  const scale = inputScaleOf(config, config.embeddingDim);
  const layers: NamedLayer[] =
    positions === undefined ? [] : [{ layer: positions, names: { weight: '_input_features_preproc._pos_emb.weight' } }];
  return {
    layers,
    limit: positions?.numPositions,
    embed(table, batch, run) {
      const places =
        config.positionsFrom === 'newest' ? tf.tensor1d(fromNewest(batch.host.offsets), 'int32') : batch.positions;
      return embedTokens({
        table,
        ids: batch.itemIds,
        scale,
        places: positions?.at(places),
        dropout: dropOptionsAt(config.inputDropout, 'input', run, config.embeddingDim),
      });
    },
  };
}
