import type { Override } from '../arguments.ts';
import type { PlaceOf } from './validate.ts';
import type { YamlFile } from './yaml-file.ts';

/** What a configuration is made from. */
export interface Origin {
  readonly overrides: readonly Override[];
  readonly yaml?: YamlFile;
  readonly recipe?: string;
}

/** For each key the one to change: an override, a line of the file, else the recipe. */
export function placesOf({ overrides, yaml, recipe }: Origin): PlaceOf {
  const set = overrides.map(({ key }) => key.split('.'));
  return ({ path, unknownKey }) => {
    const key = path.map(String);
    const inFile = yaml === undefined ? undefined : () => `${yaml.locate(path, unknownKey)}: `;
    if (set.some((each) => isWithin(key, each) || isWithin(each, key))) return '--';
    if (inFile !== undefined && yaml?.has(path)) return inFile();
    // What an override needs beside it, or does not go with, is for another one to set.
    if (set.some((each) => each[0] === key[0])) return '--';
    if (inFile !== undefined) return inFile();
    return recipe === undefined ? '' : `recipe ${recipe}: `;
  };
}

function isWithin(key: readonly string[], section: readonly string[]): boolean {
  return section.length > 0 && section.every((part, i) => key[i] === part);
}
