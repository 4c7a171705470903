import type { ExampleSet } from '@seqrec/data';
import { capabilitiesOf, fitFeatures, fitFields, type ModelOptions } from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';

/** What the model of a configuration needs of the data: its items and, fitted on the training part, its features. */
export function modelOptions({ model, seed }: Pick<RecipeConfig, 'model' | 'seed'>, train: ExampleSet): ModelOptions {
  const { numItems, numUsers } = train.interactions;
  // A model of rows looks users up as well, and has to know whom training has seen.
  if (capabilitiesOf(model.kind).includes('rank'))
    return { numItems, numUsers, seed, features: fitFields(model, train, { histories: 'training' }) };
  const features = fitFeatures(model, train);
  return { numItems, seed, ...(features && { features }) };
}
