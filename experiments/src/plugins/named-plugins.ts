import { loadPlugin } from './load-plugins.ts';
import { PluginError } from './plugin-error.ts';

/**
 * Loads what `plugins` of a configuration names.
 *
 * @param value as it was read.
 * @param locate begins the message about an entry, `file:line:column`.
 * @throws PluginError
 */
export async function loadNamedPlugins(value: unknown, folder: string, locate: () => string): Promise<void> {
  if (value === undefined) return;
  const isList = Array.isArray(value) && value.every((each) => typeof each === 'string' && each !== '');
  if (!isList)
    throw new PluginError(
      `${locate()}: plugins: expected a list of files and packages, such as ["./my-model.ts"]; got ${JSON.stringify(value)}`,
    );
  for (const name of value as string[]) await loadPlugin(name, folder, `${locate()}: plugins`);
}
