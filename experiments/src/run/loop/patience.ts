import type { RunConfig } from '../../config/run-config.ts';

/** Whether its patience ends a run, after so many evaluations in a row without a better value. */
export function isEndedByPatience(
  { patience, minEpochs = 0 }: Pick<RunConfig['training'], 'patience' | 'minEpochs'>,
  { sinceBest = 0, epochs }: { readonly sinceBest?: number | undefined; readonly epochs: number },
): boolean {
  return patience !== undefined && sinceBest >= patience && epochs >= minEpochs;
}
