import {
  type ChainPlace,
  deltaFromBytes,
  type StagedDelta,
  stageDelta,
  type TokenEncoder,
  type UserScorer,
} from '@seqrec/models';
import type { ShardWeights } from './shard.ts';

/** The weights of a model of this thread. */
export interface ServedWeights {
  readonly model: TokenEncoder;
  /** Where they come from, for messages. */
  readonly name: string;
  readonly place: ChainPlace;
}

/** Switches the weights under a scorer. */
export function localWeights({ model, name, place: first }: ServedWeights, scorer: UserScorer): ShardWeights {
  let place = first;
  let ready: StagedDelta | undefined;
  const discard = async (): Promise<void> => {
    ready?.dispose();
    ready = undefined;
  };
  return {
    async prepare(bytes, file) {
      await discard();
      ready = stageDelta(model, { name, place }, deltaFromBytes(bytes, file));
    },
    async commit() {
      const staged = ready;
      if (staged === undefined) return;
      ready = undefined;
      await scorer.update(() => staged.commit());
      place = staged.place;
    },
    discard,
  };
}
