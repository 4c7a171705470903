import { type ExampleSet, type Split, trainingEvents } from '@seqrec/data';

const known = new WeakMap<ExampleSet, Uint8Array>();

/**
 * The events of a split that are no fair query of one of its sets, 1 each: training has read them; validation has,
 * before the test set; or they lie before the cut at which the set begins.
 */
export function usedEvents(split: Split, set: ExampleSet): Uint8Array {
  const found = known.get(set) ?? markEvents(split, set);
  known.set(set, found);
  return found;
}

function markEvents({ train, validation, interactions, cuts }: Split, set: ExampleSet): Uint8Array {
  const isTest = set.name === 'test';
  const trained = trainingEvents(train);
  const chosen = isTest && validation !== undefined ? trainingEvents(validation) : undefined;
  const begin = (isTest ? cuts?.testTime : cuts?.validationTime) ?? Number.NEGATIVE_INFINITY;
  return trained.map((read, event) => (read || chosen?.[event] || interactions.timestamps[event] < begin ? 1 : 0));
}
