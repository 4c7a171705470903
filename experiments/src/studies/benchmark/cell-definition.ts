import { createHash } from 'node:crypto';
import { isYaml, recipeTitle } from '../../config/load-recipe.ts';
import { readYamlFile } from '../../config/yaml-file.ts';
import type { Cell } from './cell.ts';

/**
 * Digest of what a cell is trained by: its recipe, that of a YAML file as it is written, and what is changed of it.
 * Data and evaluation are told by counts and baselines, which are the same wherever the files lie.
 */
export function cellDefinition({ recipe, overrides }: Pick<Cell, 'recipe' | 'overrides'>): string {
  const { data: _, evaluation: __, ...written } = isYaml(recipe) ? readYamlFile(recipe).value : {};
  const changes = overrides.filter(({ key }) => !/^(data|evaluation)\b/.test(key)).map(({ key, text }) => [key, text]);
  const text = JSON.stringify([recipeTitle(recipe), written, changes]);
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
