import {
  type ChainPlace,
  createScorer,
  fileSpill,
  type ScorerOptions,
  type TokenEncoder,
  type UserScorer,
} from '@seqrec/models';
import { localWeights } from './local-weights.ts';
import type { ShardWeights } from './shard.ts';

/** How histories and what is computed of them are kept, by each worker. */
export interface KeepOptions extends Pick<ScorerOptions, 'maxBytes' | 'window' | 'slack' | 'settle'> {
  /**
   * A file for what does not fit into `maxBytes`; of worker `i` it has `.i` at its end. Absent: it is computed again.
   */
  readonly spillFile?: string;
}

/** What the weights of a model are, where they may change while it serves. */
export interface WeightsOrigin {
  readonly name: string;
  readonly place: ChainPlace;
}

export interface OpenScorer {
  readonly scorer: UserScorer;
  readonly weights?: ShardWeights;
  close(): Promise<void>;
}

/** The scorer that answers for a model, from kept keys and values. */
export async function openScorer(
  model: TokenEncoder,
  keep: KeepOptions,
  { worker = 0, origin }: { readonly worker?: number; readonly origin?: WeightsOrigin } = {},
): Promise<OpenScorer> {
  const { spillFile, ...options } = keep;
  const spill = spillFile === undefined ? undefined : await fileSpill(`${spillFile}.${worker}`);
  try {
    const scorer = createScorer(model, { ...options, spill });
    return {
      scorer,
      ...(origin && { weights: localWeights({ model, ...origin }, scorer) }),
      async close() {
        scorer.dispose();
        await spill?.close();
      },
    };
  } catch (error) {
    await spill?.close();
    throw error;
  }
}
