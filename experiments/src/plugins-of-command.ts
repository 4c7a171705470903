import type { CAC } from 'cac';

/** Commands whose arguments are runs. */
const OF_RUNS = ['evaluate', 'recommend', 'page', 'serve', 'vectors', 'labels', 'export', 'compare'];

/**
 * Loads what `--plugin` names, then what the runs of the command line were trained with: before a command reads a
 * configuration. Loads nothing, not even our own packages, where there is no plug-in.
 *
 * @throws PluginError, RunError
 */
export async function loadPluginsOfCommand(cli: CAC): Promise<void> {
  const { plugin, resume, out = 'runs' } = cli.options as Readonly<Record<string, unknown>>;
  for (const name of plugin === undefined ? [] : [plugin].flat()) {
    const { loadPlugin } = await import('./plugins/load-plugins.ts');
    await loadPlugin(String(name), process.cwd(), '--plugin');
  }
  const runs = OF_RUNS.includes(cli.matchedCommandName ?? '') ? cli.args : [];
  for (const run of [...runs, ...(resume === undefined ? [] : [resume])]) {
    const { loadPluginsOfRun } = await import('./run/open/recorded-plugins.ts');
    await loadPluginsOfRun(String(run), String(out), (text) => console.error(text));
  }
}
