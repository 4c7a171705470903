import type { RunConfig } from '../../config/run-config.ts';

/** Whether its patience ends a run after an epoch: one that counts, after so many in a row without a better value. */
export function isEndedByPatience(
  { patience, minEpochs = 0, evaluateEvery }: Pick<RunConfig['training'], 'patience' | 'minEpochs' | 'evaluateEvery'>,
  { sinceBest = 0, epochs }: { readonly sinceBest?: number | undefined; readonly epochs: number },
): boolean {
  return patience !== undefined && sinceBest >= patience && epochs >= minEpochs && epochs % evaluateEvery === 0;
}
