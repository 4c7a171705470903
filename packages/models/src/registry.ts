import type { ExampleSet } from '@seqrec/data';
import { z } from 'zod';
import { Definitions } from './config/definitions.ts';
import { parseConfig } from './config/parse.ts';
import type { Capability, ModelDefinition, ModelWidths } from './definition.ts';
import { fuxiAlpha } from './encoders/fuxi-alpha/definition.ts';
import { gru4rec } from './encoders/gru4rec/definition.ts';
import { hstu } from './encoders/hstu/definition.ts';
import { pinnerformer } from './encoders/pinnerformer/definition.ts';
import { sasrec } from './encoders/sasrec/definition.ts';
import { transformer } from './encoders/transformer/definition.ts';
import { transformerPlusPlus } from './encoders/transformer-plus-plus/definition.ts';
import { ConfigError } from './errors.ts';
import { checkFeatureFields, checkFeatures } from './features/check.ts';
import type { Flops, Workload } from './flops/flops.ts';
import { withDenseHead } from './generators/dense/head.ts';
import { t5 } from './generators/t5/definition.ts';
import type { Model, ModelOptions, TokenEncoder } from './model.ts';
import { autoInt } from './rankers/autoint/definition.ts';
import { bst } from './rankers/bst/definition.ts';
import { crossAttention } from './rankers/cross-attention/definition.ts';
import { dcnV2 } from './rankers/dcn-v2/definition.ts';
import { din } from './rankers/din/definition.ts';
import { eta } from './rankers/eta/definition.ts';
import { fcn } from './rankers/fcn/definition.ts';
import { fieldAttention } from './rankers/field-attention/definition.ts';
import { finalMlp } from './rankers/finalmlp/definition.ts';
import { finalNet } from './rankers/finalnet/definition.ts';
import { fm } from './rankers/fm/definition.ts';
import { gdcn } from './rankers/gdcn/definition.ts';
import { hstuRanker } from './rankers/hstu-ranker/definition.ts';
import { lr } from './rankers/lr/definition.ts';
import { meanPooling } from './rankers/mean-pooling/definition.ts';
import { mlp } from './rankers/mlp/definition.ts';
import { mmoe } from './rankers/mmoe/definition.ts';
import { ple } from './rankers/ple/definition.ts';
import { sim } from './rankers/sim/definition.ts';
import { transact } from './rankers/transact/definition.ts';
import type { TimeReader } from './reads-times.ts';
import type { ModelStudy } from './study.ts';
import { dssm } from './towers/dssm/definition.ts';

/** The models of this package: a line each. */
const models = [
  // Of sequences of events.
  hstu,
  sasrec,
  transformer,
  transformerPlusPlus,
  gru4rec,
  pinnerformer,
  fuxiAlpha,
  // Of rows.
  lr,
  fm,
  mlp,
  dcnV2,
  fcn,
  gdcn,
  finalMlp,
  finalNet,
  autoInt,
  fieldAttention,
  hstuRanker,
  // Of rows with the history of the user.
  meanPooling,
  din,
  bst,
  transact,
  crossAttention,
  sim,
  eta,
  mmoe,
  ple,
  // Two towers.
  dssm,
  // Of items as codes.
  t5,
] as const;

/** The schemas of those of them that can do something. */
type SchemaOf<Can extends Capability, Of = (typeof models)[number]> = Of extends {
  readonly can: readonly (infer Own)[];
  readonly schema: infer Schema;
}
  ? Can extends Own
    ? Schema
    : never
  : never;

/** A validated configuration of an encoder. */
export type ModelConfig = z.output<SchemaOf<'encode'>>;
/** A configuration as people write it: fields with a default may be absent. */
export type ModelConfigInput = z.input<SchemaOf<'encode'>>;

/** A configuration of a generator as people write it. */
export type GeneratorConfigInput = z.input<SchemaOf<'generate'>>;

/** A validated configuration of a model of rows. */
export type RowModelConfig = z.output<SchemaOf<'rank'>>;
/** A configuration of a model of rows as people write it. */
export type RowModelConfigInput = z.input<SchemaOf<'rank'>>;

const definitions = new Definitions<ModelDefinition<never>>(
  { define: 'defineModel', what: 'model', place: 'model config' },
  // A definition is of one type of configuration, which `parseModelConfig` makes sure of.
  models as readonly unknown[] as readonly ModelDefinition<never>[],
);

/** Forgets the type of a configuration, which `parseModelConfig` makes sure of. */
function define<C extends { readonly kind: string }>(definition: ModelDefinition<C>): ModelDefinition<never> {
  return definition as unknown as ModelDefinition<never>;
}

/**
 * Makes a kind of model known: `createModel`, checkpoints and, through a plug-in, the command line take it from then
 * on. The models of this package use the same door.
 *
 * @throws ConfigError for a kind that is known already, a name that is none, or a schema that is not of this kind.
 */
export function defineModel<C extends { readonly kind: string }>(definition: ModelDefinition<C>): void {
  definitions.define(define(definition));
}

/** The kinds of model that {@link createModel} knows, of all capabilities or of one, in the order of definition. */
export function modelKinds(can?: Capability): readonly string[] {
  return definitions.all.filter((each) => can === undefined || each.can.includes(can)).map(({ kind }) => kind);
}

/** What the models of a kind can do; nothing for a kind that is not known. */
export function capabilitiesOf(kind: string): readonly Capability[] {
  return definitions.get(kind)?.can ?? [];
}

/** The schema of the configurations of all models that can do one of these. */
export function modelConfigSchema(...can: readonly Capability[]): z.ZodType<ModelConfig, ModelConfigInput> {
  const schemas = definitions.all
    .filter((each) => each.can.some((one) => can.includes(one)))
    .map(({ schema }) => schema);
  return z.discriminatedUnion('kind', schemas as never) as never;
}

/** Configurations of the encoders of this package; `kind` says which. */
export const encoderConfigSchema = modelConfigSchema('encode');

/** Configurations of the models of rows of this package. */
export const rowModelConfigSchema = modelConfigSchema('rank') as unknown as z.ZodType<
  RowModelConfig,
  RowModelConfigInput
>;

/**
 * Validates a model configuration and fills in defaults, those of HSTU's `block` among them.
 *
 * @throws ConfigError for an unknown kind (lists the known ones), an unknown key or a value outside its range.
 */
export function parseModelConfig(config: unknown): ModelConfig {
  const definition = definitions.of(config);
  const { kind } = definition;
  const parsed = parseConfig(
    definition.schema as unknown as z.ZodObject,
    config,
    `model config (${kind})`,
  ) as ModelConfig;
  return completed(definition, parsed);
}

/**
 * A configuration that its schema has parsed with what follows from other settings, those of HSTU's `block` among them,
 * in the order of the schema. Nothing changes when it is done twice.
 *
 * @throws ConfigError for an unknown kind, or settings that do not go together.
 */
export function completeModelConfig<C extends { readonly kind: string }>(config: C): C {
  const definition = definitions.of(config);
  const whole: Readonly<Record<string, unknown>> = { ...completed(definition, config) };
  const { shape = {} } = definition.schema as unknown as Partial<z.ZodObject>;
  const order = new Set([...Object.keys(shape), ...Object.keys(whole)]);
  return Object.fromEntries([...order].filter((key) => key in whole).map((key) => [key, whole[key]])) as C;
}

function completed<C extends { readonly kind: string }>(definition: ModelDefinition<never>, config: C): C {
  if (readsFeaturesOfTokens(definition)) checkFeatureFields(config, definition.kind);
  return (definition.complete?.(config as never) ?? config) as C;
}

/** Whether features are those of `createEncoder`: models of rows have fields, which they check themselves. */
function readsFeaturesOfTokens({ can }: ModelDefinition<never>): boolean {
  return can.includes('encode') && !can.includes('rank');
}

/** The settings by which a model reads the times of events; none for a model of their order alone. */
export function modelTimeReaders(config: { readonly kind: string }): TimeReader[] {
  return definitions.of(config).timeReaders?.(config as never) ?? [];
}

/**
 * Whether the state of such a model can grow by events, see {@link ModelDefinition.incremental}; unknown: it cannot.
 */
export function modelIncremental(config: { readonly kind: string }): { readonly refusal?: string } | undefined {
  return definitions.get(config.kind)?.incremental?.(config as never);
}

/**
 * Whether the row of an event stays as it is when later ones come (`incremental` of the definition), so that one pass
 * over a history says what the model says after each of its events. One that does not say is taken for one whose rows
 * change.
 */
export function rowsStay(config: { readonly kind: string }): boolean {
  const known = modelIncremental(config);
  return known !== undefined && known.refusal === undefined;
}

/**
 * Refuses training rows that a model of this configuration cannot learn from, see {@link ModelDefinition.checkRows}.
 *
 * @throws ConfigError naming the setting.
 */
export function checkModelRows(config: { readonly kind: string }, train: ExampleSet): void {
  definitions.of(config).checkRows?.(config as never, train);
}

/** Widths of a model of this configuration; 0 where a model of somebody else says nothing. */
export function modelWidths(config: { readonly kind: string }): ModelWidths {
  const widths = definitions.of(config).widths?.(config as never);
  if (widths !== undefined) return widths;
  const { embeddingDim = 0, numBlocks = 0 } = config as { readonly embeddingDim?: number; readonly numBlocks?: number };
  return { vector: embeddingDim, token: embeddingDim * (numBlocks + 1) };
}

/** How studies take the models of a kind; nothing where they do not. */
export function modelStudy(kind: string): ModelStudy | undefined {
  return definitions.get(kind)?.study;
}

/** The kinds of model of which {@link modelFlops} knows the work. */
export function countedModelKinds(): readonly string[] {
  return definitions.all.filter(({ flops }) => flops !== undefined).map(({ kind }) => kind);
}

/** Work of a training step of a model of this configuration; nothing where its definition has no `flops`. */
export function modelFlops(config: { readonly kind: string }, work: Workload): Flops | undefined {
  return definitions.of(config).flops?.(config as never, work);
}

/**
 * Builds the model that `config.kind` names, with fresh weights.
 *
 * @throws ConfigError, see {@link parseModelConfig}; also when `numItems` or `seed` is no usable integer.
 */
export function createModel(config: ModelConfigInput, options: ModelOptions): TokenEncoder;
export function createModel(config: { readonly kind: string }, options: ModelOptions): Model;
export function createModel(config: { readonly kind: string }, options: ModelOptions): Model {
  const parsed = parseModelConfig(config);
  const { numItems, seed = 0, features } = options;
  if (!Number.isInteger(numItems) || numItems < 1) {
    throw new ConfigError(`createModel: numItems: expected an integer >= 1; got ${numItems}`, 'numItems');
  }
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ConfigError(`createModel: seed: expected an integer in 0..2^53 - 1; got ${seed}`, 'seed');
  }
  const definition = definitions.of(parsed);
  if (options.stores !== undefined && definition.storesTables !== true) {
    const kinds = modelKinds('rank').filter((kind) => definitions.of({ kind }).storesTables);
    throw new ConfigError(
      `createModel: stores: expected a model whose tables may lie in stores (${kinds.join(', ')}); got '${parsed.kind}'; leave stores out`,
      'stores',
    );
  }
  if (readsFeaturesOfTokens(definition)) checkFeatures(parsed, features, numItems);
  if (options.dense !== undefined && !readsFeaturesOfTokens(definition))
    throw new ConfigError(
      `createModel: dense: expected an encoder of histories, whose tokens are compared with vectors of items; got '${parsed.kind}'; leave task.dense out`,
      'dense',
    );
  const model = definition.create(parsed as never, { ...options, numItems, seed }) as Model | undefined;
  if (typeof model?.variables !== 'function')
    throw new ConfigError(
      `createModel: expected a model of the kind '${parsed.kind}'; got ${model === undefined ? 'nothing' : 'something without variables'} of its create, which may return none, or a promise`,
      'kind',
    );
  if (options.dense === undefined) return model;
  const { vector } = modelWidths(parsed);
  const encoder = model as TokenEncoder;
  const encoderWidth = vector === 0 ? encoder.itemTable().shape[1] : vector;
  return withDenseHead(encoder, options.dense, { encoderWidth, seed });
}
