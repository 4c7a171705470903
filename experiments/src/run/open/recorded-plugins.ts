import { RunError } from '../../errors.ts';
import { type LoadedPlugin, loadedPlugins, loadPlugin } from '../../plugins/load-plugins.ts';
import { PluginError } from '../../plugins/plugin-error.ts';
import { shellWord } from '../../terminal/shell-word.ts';
import { readJson } from '../folder/atomic.ts';
import { openRunDir, type RunDir } from '../folder/run-dir.ts';

/** The plug-ins of a run as its configuration has them; none in most. */
export function recordedPlugins(run: RunDir): readonly LoadedPlugin[] {
  const { plugins = [] } = (readJson(run.config) ?? {}) as { readonly plugins?: readonly LoadedPlugin[] };
  return plugins;
}

/** {@link loadRecordedPlugins} of a run by its name. A name that is of no run is left to the command. */
export async function loadPluginsOfRun(name: string, out: string, note: (text: string) => void): Promise<void> {
  let run: RunDir;
  try {
    run = openRunDir(out, name);
    recordedPlugins(run);
  } catch (error) {
    if (error instanceof RunError) return;
    throw error;
  }
  await loadRecordedPlugins(run, note);
}

/** Those that this process has not loaded, and nothing in their place. */
export function missingPlugins(run: RunDir): readonly LoadedPlugin[] {
  return recordedPlugins(run).filter((recorded) => standIn(recorded) === undefined);
}

/** How to name plug-ins on the command line, for a message. */
export function pluginOptions(plugins: readonly LoadedPlugin[]): string {
  return plugins.map((plugin) => `--plugin ${shellWord(plugin.isPackage ? plugin.name : plugin.path)}`).join(' ');
}

/**
 * Loads the plug-ins that a run was trained with, from where they were, unless one that defines the same is loaded
 * already. A changed one is told.
 *
 * @throws RunError for one that is gone, naming it.
 */
export async function loadRecordedPlugins(run: RunDir, note: (text: string) => void): Promise<void> {
  for (const recorded of recordedPlugins(run)) {
    const plugin = standIn(recorded) ?? (await loadAgain(run, recorded));
    if (plugin.digest === recorded.digest) continue;
    const [was, is] = [recorded, plugin].map(({ version, digest }) => `${version ?? ''} ${digest.slice(0, 12)}`.trim());
    note(`note: run ${run.id}: the plug-in ${plugin.name} has changed since: ${was} then, ${is} now`);
  }
}

async function loadAgain(run: RunDir, recorded: LoadedPlugin): Promise<LoadedPlugin> {
  const { name, path, isPackage, defines } = recorded;
  try {
    return await loadPlugin(isPackage ? name : path, process.cwd(), `run ${run.id}`, name);
  } catch (error) {
    if (!(error instanceof PluginError)) throw error;
    throw new RunError(
      `${error.message}; the run was trained with the plug-in ${name} (${defines.join(', ')}): name it where it is now with --plugin`,
      { cause: error },
    );
  }
}

/** The same plug-in, or one that defines all that it defined. */
function standIn(recorded: LoadedPlugin): LoadedPlugin | undefined {
  const loaded = loadedPlugins();
  const same = loaded.find(({ path }) => path === recorded.path);
  if (same !== undefined) return same;
  return loaded.find(({ defines }) => recorded.defines.every((each) => defines.includes(each)));
}
