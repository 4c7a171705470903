import type { Collective } from '@seqrec/core/collectives';
import { type Model, type Trainer, withRootWeights, withWholeTables } from '@seqrec/models';

/** Evaluates the sets of a run by all ranks, each a share; the figures are rank 0's, the others get nothing. */
export interface SharedJudge<M extends Model, E> {
  overRanks(model: M, set: 'watched' | 'test', ranks: Collective): Promise<E | undefined>;
}

export function isShared<M extends Model, E>(judge: Partial<SharedJudge<M, E>>): judge is SharedJudge<M, E> {
  return judge.overRanks !== undefined;
}

/** The watched set by the weights in training, averaged and whole on every rank for the time of it. */
export function evaluateWatched<M extends Model, E>(
  { model, update }: Trainer<M>,
  judge: SharedJudge<M, E>,
  ranks: Collective,
): Promise<E | undefined> {
  return update.averaged(() => withWholeTables(model, (whole) => judge.overRanks(whole, 'watched', ranks), 'all'));
}

/** The test set by the weights of rank 0's model, which the others take over. */
export function evaluateTest<M extends Model, E>(
  model: M,
  judge: SharedJudge<M, E>,
  ranks: Collective,
): Promise<E | undefined> {
  return withRootWeights(model, ranks, (chosen) => judge.overRanks(chosen, 'test', ranks));
}
