import { type ExampleSet, eventsOfItems } from '@seqrec/data';
import {
  type Codes,
  type Debias,
  type DenseConfig,
  type DenseDecoding,
  type DenseHead,
  denseOf,
  type GenerationConfig,
  isDenseEncoder,
  type Language,
  languageOf,
  type Model,
  parseObjectiveConfig,
  type Rows,
  readSemanticIds,
  type StoredIds,
} from '@seqrec/models';
import type { RecipeConfig } from '../config/schema.ts';
import { codesOfItems } from './semantic-ids.ts';

/** Codes of the items of the data, and how a model is asked for them. */
export interface CodedItems {
  readonly ids: StoredIds;
  /** A row an item: of item 1 first. */
  readonly codes: Codes;
  readonly beams: GenerationConfig['beams'];
  readonly mask: GenerationConfig['mask'];
  /** Of the scores of an encoder. */
  readonly temperature: number;
  /** What is taken off for popularity. */
  readonly debias: Debias;
  /** Vectors of the items beside their codes. */
  readonly dense?: DenseConfig;
  /** What those of content are made of: row `i` is item `i + 1`. For a model that has them already their width. */
  readonly content?: Rows | Pick<Rows, 'width'>;
  /** What the model speaks besides codes. */
  readonly language?: Language;
}

/** The task of a configuration, where it is generation. */
export function generationOf({ task }: Pick<RecipeConfig, 'task'>): GenerationConfig | undefined {
  return task.kind === 'generation' ? (task as GenerationConfig) : undefined;
}

/** How many beams rank the items; nothing where all items are ranked. */
export function rankingBeams(config: Pick<RecipeConfig, 'task'>): number | undefined {
  const { beams = 'all', dense } = generationOf(config) ?? {};
  // Vectors alone need no beams.
  return beams === 'all' || dense?.levels === 0 ? undefined : beams;
}

/** How codes are asked for, of a configuration of generation. */
function decodingOf(
  { task }: Pick<RecipeConfig, 'task'>,
  events: Debias['events'],
): Pick<CodedItems, 'beams' | 'mask' | 'debias' | 'dense'> {
  const { beams, mask, debias } = task as GenerationConfig;
  const dense = denseOf(task as GenerationConfig);
  return { beams, mask, debias: { weight: debias, events }, ...(dense && { dense }) };
}

/** How items are ranked by vectors too, where they have some. */
export function denseSettings({ dense, debias }: CodedItems): DenseDecoding | undefined {
  if (dense === undefined) return undefined;
  const { after, temperature, levels, mix, cold } = dense;
  const added = Int32Array.from(
    Array.from(debias.events, (events, row) => (events === 0 ? row : -1)).filter((row) => row >= 0),
  );
  return { after, temperature, levels, mix, ...(cold && { added }) };
}

/** {@link denseSettings} with the vectors of a model; nothing for one without. */
export function denseDecoding(
  coded: CodedItems,
  model: Model,
): (DenseDecoding & { readonly head: DenseHead }) | undefined {
  const settings = denseSettings(coded);
  return settings && isDenseEncoder(model) ? { ...settings, head: model.dense } : undefined;
}

/** @param path where the ids are from, for messages. @throws RunError for an item of the data without codes. */
export function codedItems(
  config: Pick<RecipeConfig, 'task' | 'objective'>,
  train: ExampleSet,
  ids: StoredIds,
  path: string,
): CodedItems {
  const codes = codesOfItems(train.interactions, ids, path);
  const { language } = config.task as GenerationConfig;
  return {
    ...{ ids, codes, ...decodingOf(config, eventsOfItems({ train })) },
    temperature: parseObjectiveConfig(config.objective).temperature,
    ...(language && { language: languageOf(train.interactions, codes, language) }),
  };
}

/** {@link codedItems} of the file that a configuration names or a run has kept; nothing for another task. */
export async function readCodedItems(
  config: Pick<RecipeConfig, 'task' | 'objective'>,
  train: ExampleSet,
  path: string | undefined,
): Promise<CodedItems | undefined> {
  if (generationOf(config) === undefined || path === undefined) return undefined;
  return codedItems(config, train, await readSemanticIds(path), path);
}

/** The data of a run, asked for codes as another configuration of it says; those of another task as they are. */
export function withDecoding<D extends { readonly generation?: CodedItems }>(
  data: D,
  config: Pick<RecipeConfig, 'task'>,
): D {
  const { generation } = data;
  if (generation === undefined) return data;
  return { ...data, generation: { ...generation, ...decodingOf(config, generation.debias.events) } };
}
