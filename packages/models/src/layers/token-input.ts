import { embedTokens } from '@seqrec/core';
import type { InputStage } from '../encoder.ts';
import type { LearnedPositions } from './embeddings.ts';
import { dropOptionsAt, type NamedLayer } from './layer.ts';

export interface TokenInputOptions {
  readonly config: { readonly embeddingDim: number; readonly inputDropout: number };
  /** Learned absolute positions; absent for encoders that know order otherwise. */
  readonly positions?: LearnedPositions;
}

/**
 * The input of the reference: `x = dropout(sqrt(D) E[id] + P[position])`, position 0 the oldest event; without a
 * table of positions `x = dropout(sqrt(D) E[id])`.
 */
export function tokenInput({ config, positions }: TokenInputOptions): InputStage {
  const scale = Math.sqrt(config.embeddingDim);
  const layers: NamedLayer[] =
    positions === undefined ? [] : [{ layer: positions, names: { weight: '_input_features_preproc._pos_emb.weight' } }];
  return {
    layers,
    limit: positions?.numPositions,
    embed(table, batch, run) {
      return embedTokens({
        table,
        ids: batch.itemIds,
        scale,
        places: positions?.at(batch.positions),
        dropout: dropOptionsAt(config.inputDropout, 'input', run, config.embeddingDim),
      });
    },
  };
}
