import { stringify } from 'yaml';
import type { RecipeConfig } from '../../config/schema.ts';
import { loadedPlugins } from '../../plugins/load-plugins.ts';

/** A configuration that `seqrec train --config` takes: all of it, so that it stays when the recipe changes. */
export function winnerYaml(config: RecipeConfig, about: readonly string[]): string {
  const plugins = loadedPlugins().map(({ name, path, isPackage }) => (isPackage ? name : path));
  const head = about.map((line) => `# ${line}\n`).join('');
  return `${head}${stringify({ ...(plugins.length > 0 && { plugins }), ...config })}`;
}
