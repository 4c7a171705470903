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
