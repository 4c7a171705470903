import { loadedPlugins } from '../../plugins/load-plugins.ts';
import { checkPageFolder, type WrittenPage, writePage } from '../../report/page/write-page.ts';
import { openRun, type RunRequest } from '../open/open-run.ts';

/** A run's page: opens the run, and writes to `to` or into the run's folder. */
export async function makePage({ to, ...request }: RunRequest & { readonly to?: string }): Promise<WrittenPage> {
  if (to !== undefined) checkPageFolder(to);
  const { run, name, config, data, file } = await openRun({ ...request, takesGeneration: true });
  const { generation: coded, split } = data;
  const generation = coded && { ...coded, maxEvents: config.model.maxSequenceLength };
  const { interactions } = split;
  // Data, metrics and tasks of plug-ins are none of a page's business.
  const plugins = loadedPlugins().filter(({ defines }) => defines.some((each) => each.startsWith('model ')));
  return writePage(
    { recipe: name, run: run.id, checkpoint: file, interactions, plugins, ...(generation && { generation }) },
    to ?? run.page,
  );
}
