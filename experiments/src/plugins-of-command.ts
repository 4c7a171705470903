import type { CAC } from 'cac';

/** Commands whose arguments are runs. */
const OF_RUNS = ['evaluate', 'recommend', 'titles', 'page', 'serve', 'vectors', 'labels', 'export', 'compare'];

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
  const command = cli.matchedCommandName ?? '';
  // `analyse` says first what is analysed.
  const runs = command === 'analyse' ? cli.args.slice(1) : OF_RUNS.includes(command) ? cli.args : [];
  for (const run of [...runs, ...(resume === undefined ? [] : [resume])]) {
    const { loadPluginsOfRun } = await import('./run/open/recorded-plugins.ts');
    await loadPluginsOfRun(String(run), String(out), (text) => console.error(text));
  }
}
