import type { Split } from '@seqrec/data';
import { fitFeatures, type ModelOptions } from '@seqrec/models';
import type { RecipeConfig } from '../config/schema.ts';

/** What the model of a configuration needs of the data: its items and, fitted on the training part, its features. */
export function modelOptions({ model, seed }: Pick<RecipeConfig, 'model' | 'seed'>, split: Split): ModelOptions {
  const features = fitFeatures(model, split.train);
  return { numItems: split.interactions.numItems, seed, ...(features && { features }) };
}
