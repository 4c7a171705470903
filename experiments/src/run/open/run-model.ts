import { codeModelConfig, codeSymbols, denseSizes, type ModelConfigInput, type ModelOptions } from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';
import type { PreparedData } from '../../data/dataset.ts';
import { modelOptions } from './model-options.ts';

/** The configuration that the model of a run is made by: of generation its lengths count codes. */
export function runModelConfig({ model }: Pick<RecipeConfig, 'model'>, { generation }: PreparedData): ModelConfigInput {
  return generation === undefined ? model : codeModelConfig(model, generation.codes, generation.language);
}

/** What the model of a run is made with: see `createModel`. */
export function runModel(
  config: Pick<RecipeConfig, 'model' | 'seed'>,
  data: PreparedData,
): { readonly config: ModelConfigInput; readonly options: ModelOptions } {
  const { generation, split } = data;
  if (generation === undefined) return { config: config.model, options: modelOptions(config, split.train) };
  const { codes, dense, content, language } = generation;
  return {
    config: runModelConfig(config, data),
    options: {
      numItems: (language ?? codeSymbols(codes)).count,
      seed: config.seed,
      ...(dense && { dense: denseSizes(dense, codes.count, content?.width) }),
    },
  };
}
