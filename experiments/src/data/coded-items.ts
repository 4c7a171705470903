import type { Interactions } from '@seqrec/data';
import {
  type Codes,
  type GenerationConfig,
  parseObjectiveConfig,
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
}

/** The task of a configuration, where it is generation. */
export function generationOf({ task }: Pick<RecipeConfig, 'task'>): GenerationConfig | undefined {
  return task.kind === 'generation' ? (task as GenerationConfig) : undefined;
}

/** How codes are asked for, of a configuration of generation. */
export function decodingOf({ task }: Pick<RecipeConfig, 'task'>): Pick<CodedItems, 'beams' | 'mask'> {
  const { beams, mask } = task as GenerationConfig;
  return { beams, mask };
}

/** @param path where the ids are from, for messages. @throws RunError for an item of the data without codes. */
export function codedItems(
  config: Pick<RecipeConfig, 'task' | 'objective'>,
  interactions: Interactions,
  ids: StoredIds,
  path: string,
): CodedItems {
  const codes = codesOfItems(interactions, ids, path);
  return { ids, codes, ...decodingOf(config), temperature: parseObjectiveConfig(config.objective).temperature };
}

/** {@link codedItems} of the file that a configuration names or a run has kept; nothing for another task. */
export async function readCodedItems(
  config: Pick<RecipeConfig, 'task' | 'objective'>,
  interactions: Interactions,
  path: string | undefined,
): Promise<CodedItems | undefined> {
  if (generationOf(config) === undefined || path === undefined) return undefined;
  return codedItems(config, interactions, await readSemanticIds(path), path);
}
