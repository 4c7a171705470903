import { closest } from '@seqrec/data/closest';
import { z } from 'zod';
import { parseConfig } from './config/parse.ts';
import { ConfigError } from './errors.ts';
import { checkFeatureFields, checkFeatures } from './features/check.ts';
import { type Gru4recConfig, gru4recConfigSchema } from './gru4rec/config.ts';
import { createGru4rec } from './gru4rec/stack.ts';
import { withSwitches } from './hstu/blocks.ts';
import { type HstuConfig, hstuConfigSchema } from './hstu/config.ts';
import { createHstu } from './hstu/stack.ts';
import type { ModelOptions, TokenEncoder } from './model.ts';
import { type PinnerformerConfig, pinnerformerConfigSchema } from './pinnerformer/config.ts';
import { createPinnerformer } from './pinnerformer/stack.ts';
import { type SasrecConfig, sasrecConfigSchema } from './sasrec/config.ts';
import { createSasrec } from './sasrec/stack.ts';
import { type TransformerConfig, transformerConfigSchema } from './transformer/config.ts';
import { createTransformer } from './transformer/stack.ts';
import { type TransformerPlusPlusConfig, transformerPlusPlusConfigSchema } from './transformer-plus-plus/config.ts';
import { createTransformerPlusPlus } from './transformer-plus-plus/stack.ts';

/** Any model configuration; `kind` says which. */
export const modelConfigSchema = z.discriminatedUnion('kind', [
  hstuConfigSchema,
  sasrecConfigSchema,
  transformerConfigSchema,
  transformerPlusPlusConfigSchema,
  gru4recConfigSchema,
  pinnerformerConfigSchema,
]);

/** A validated configuration. */
export type ModelConfig = z.output<typeof modelConfigSchema>;
/** A configuration as people write it: fields with a default may be absent. */
export type ModelConfigInput = z.input<typeof modelConfigSchema>;

const models = {
  hstu: { schema: hstuConfigSchema, build: (c: ModelConfig, o: ModelOptions) => createHstu(c as HstuConfig, o) },
  sasrec: {
    schema: sasrecConfigSchema,
    build: (c: ModelConfig, o: ModelOptions) => createSasrec(c as SasrecConfig, o),
  },
  transformer: {
    schema: transformerConfigSchema,
    build: (c: ModelConfig, o: ModelOptions) => createTransformer(c as TransformerConfig, o),
  },
  'transformer-plus-plus': {
    schema: transformerPlusPlusConfigSchema,
    build: (c: ModelConfig, o: ModelOptions) => createTransformerPlusPlus(c as TransformerPlusPlusConfig, o),
  },
  gru4rec: {
    schema: gru4recConfigSchema,
    build: (c: ModelConfig, o: ModelOptions) => createGru4rec(c as Gru4recConfig, o),
  },
  pinnerformer: {
    schema: pinnerformerConfigSchema,
    build: (c: ModelConfig, o: ModelOptions) => createPinnerformer(c as PinnerformerConfig, o),
  },
} as const;

/** The kinds of model that {@link createModel} knows. */
export const modelKinds = Object.keys(models) as readonly ModelConfig['kind'][];

/**
 * Validates a model configuration and fills in defaults, those of HSTU's `block` among them.
 *
 * @throws ConfigError for an unknown kind (lists the known ones), an unknown key or a value outside its range.
 */
export function parseModelConfig(config: unknown): ModelConfig {
  const kind = typeof config === 'object' && config !== null ? (config as { kind?: unknown }).kind : undefined;
  if (typeof kind !== 'string' || !Object.hasOwn(models, kind)) {
    const got = kind === undefined ? 'nothing' : JSON.stringify(kind);
    const near = typeof kind === 'string' ? closest(kind, modelKinds) : undefined;
    const hint = near === undefined ? 'set kind first' : `did you mean '${near}'?`;
    const known = modelKinds.map((name) => `'${name}'`).join(', ');
    throw new ConfigError(`model config: kind: expected one of ${known}; got ${got}; ${hint}`, 'kind');
  }
  const known = kind as ModelConfig['kind'];
  const parsed = parseConfig(models[known].schema, config, `model config (${kind})`) as ModelConfig;
  checkFeatureFields(parsed, kind);
  return parsed.kind === 'hstu' ? withSwitches(parsed) : parsed;
}

/**
 * Builds the model that `config.kind` names, with fresh weights.
 *
 * @throws ConfigError, see {@link parseModelConfig}; also when `numItems` or `seed` is no usable integer.
 */
export function createModel(config: ModelConfigInput, options: ModelOptions): TokenEncoder {
  const parsed = parseModelConfig(config);
  const { numItems, seed = 0, features } = options;
  if (!Number.isInteger(numItems) || numItems < 1) {
    throw new ConfigError(`createModel: numItems: expected an integer >= 1; got ${numItems}`, 'numItems');
  }
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ConfigError(`createModel: seed: expected an integer in 0..2^53 - 1; got ${seed}`, 'seed');
  }
  checkFeatures(parsed, features, numItems);
  return models[parsed.kind].build(parsed, { numItems, seed, ...(features && { features }) });
}
