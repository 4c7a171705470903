import { ConfigError } from '../errors.ts';
import type { FeatureConfig } from './config.ts';
import type { FittedFeatures } from './fitted.ts';

interface FeatureFields {
  readonly kind: string;
  readonly features?: readonly FeatureConfig[];
  readonly combineFeatures?: 'sum' | 'concat';
  readonly featureDim?: number;
  readonly itemFeatures?: 'both' | 'input';
  readonly idDropout?: number;
}

/** @throws ConfigError for a setting of features where there are none, which would be ignored. */
export function checkFeatureFields(config: FeatureFields, kind: string): void {
  const at = (key: keyof FeatureFields, expected: string): ConfigError =>
    new ConfigError(`model config (${kind}): ${key}: expected ${expected}; got ${config[key]}`, key);
  if (config.features === undefined) {
    for (const key of ['combineFeatures', 'featureDim', 'itemFeatures', 'idDropout'] as const) {
      if (config[key] !== undefined) throw at(key, 'it with features alone, and there are none');
    }
  }
  if (config.featureDim !== undefined && config.combineFeatures !== 'concat') {
    throw at('featureDim', "it with combineFeatures 'concat' alone; a sum is as wide as the id");
  }
}

/** @throws ConfigError when a configuration and what it was fitted on do not belong together. */
export function checkFeatures(config: FeatureFields, fitted: FittedFeatures | undefined, numItems: number): void {
  const wanted = config.features?.length ?? 0;
  const got = fitted?.features.length ?? 0;
  if (wanted !== got) {
    throw new ConfigError(
      `createModel: features: expected ${wanted === 0 ? 'none' : `${wanted} that are fitted`}, as in the configuration; got ${got}; pass features: fitFeatures(config, trainingSet)`,
      'features',
    );
  }
  if (fitted === undefined) return;
  if (fitted.trained.length !== numItems + 1) {
    throw new ConfigError(
      `createModel: features: expected those of ${numItems} items; got ${fitted.trained.length - 1}; fit them on the same data`,
      'features',
    );
  }
  const ofItems = fitted.features.some(({ table }) => table === 'items');
  for (const key of ['itemFeatures', 'idDropout'] as const) {
    if (config[key] === undefined || ofItems) continue;
    throw new ConfigError(
      `model config (${config.kind}): ${key}: expected it with features of items alone; got ${config[key]}`,
      key,
    );
  }
}
