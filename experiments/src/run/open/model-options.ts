import type { ExampleSet } from '@seqrec/data';
import { fitFeatures, type ModelOptions } from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';

/** What the model of a configuration needs of the data: its items and, fitted on the training part, its features. */
export function modelOptions({ model, seed }: Pick<RecipeConfig, 'model' | 'seed'>, train: ExampleSet): ModelOptions {
  const features = fitFeatures(model, train);
  return { numItems: train.interactions.numItems, seed, ...(features && { features }) };
}
