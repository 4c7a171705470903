import type { Split } from '@seqrec/data';

/**
 * Which checkpoint the test set sees: that of the configuration, or else the best on the validation set. Without such a
 * set it is the last: choosing by the test set would flatter the model.
 */
export function testedCheckpoint(
  { checkpoint }: { readonly checkpoint?: 'best' | 'last' | undefined },
  hasValidation: boolean,
): 'best' | 'last' {
  return checkpoint ?? (hasValidation ? 'best' : 'last');
}

/** A warning where the set of the figures is the one that the best checkpoint was chosen by; else none. */
export function chosenByItself(
  checkpoint: 'best' | 'last',
  part: 'validation' | 'test',
  { validation }: Pick<Split, 'validation'>,
): string[] {
  if (checkpoint !== 'best' || part !== 'test' || validation !== undefined) return [];
  return ['This checkpoint was chosen by this very set: the figures flatter it; --checkpoint last is fair'];
}
