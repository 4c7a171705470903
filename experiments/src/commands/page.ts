import type { CAC } from 'cac';
import { integerOption, textOption } from '../arguments.ts';
import { CHECKPOINT, checkpointOption } from '../checkpoint-option.ts';
import type { Action, Invocation } from '../invocation.ts';

interface Options {
  readonly checkpoint: unknown;
  readonly data?: unknown;
  readonly out: unknown;
  readonly to?: unknown;
  readonly port: unknown;
  readonly serve: boolean;
}

export function registerPage(cli: CAC, _invocation: Invocation): void {
  cli
    .command(
      'page <run>',
      'Recommend in the browser: a page with the model of a run, written and served on this machine',
    )
    .option('--port <n>', 'Port on 127.0.0.1; 0 takes a free one', { default: 8000 })
    .option('--to <dir>', 'Folder that the page is written to (default: page in the folder of the run)')
    .option('--no-serve', 'Only write the folder')
    .option(...CHECKPOINT)
    .option('--data <dir>', 'Folder of the data sets (default: $SEQREC_DATA, else ./data)')
    .option('--out <dir>', 'Folder of the runs', { default: 'runs' })
    .example('  $ seqrec page latest')
    .example('  $ seqrec page latest --port 0 --checkpoint last')
    .example('  $ seqrec page latest --to site --no-serve')
    .action((run: string, options: Options) => pageCommand(run, options));
}

async function pageCommand(name: string, options: Options): Action {
  const checkpoint = checkpointOption(options.checkpoint);
  const port = integerOption('port', options.port, 0, 65_535) ?? 8000;
  const to = textOption('to', options.to);

  const { makePage } = await import('../run/outputs/make-page.ts');
  const { Progress } = await import('../terminal/progress.ts');
  const { servePage } = await import('../report/page/serve.ts');
  const { formatBytes } = await import('../terminal/format.ts');
  const { stopSignals } = await import('../run/process/stop.ts');
  const page = await makePage({
    out: textOption('out', options.out) ?? 'runs',
    run: name,
    checkpoint,
    dataFolder: textOption('data', options.data),
    to,
    progress: new Progress(),
  });
  console.log(
    `${page.folder}: script and kernels ${formatBytes(page.bundleBytes)} (${formatBytes(page.bundleGzippedBytes)} gzipped), weights ${formatBytes(page.modelBytes)}`,
  );
  if (!options.serve) return 0;
  const server = await servePage(page.folder, { port });
  console.log(`${server.url}  (everything is computed in the browser; Ctrl-C ends)`);
  await new Promise<void>((resolve) => {
    for (const signal of stopSignals) process.once(signal, () => resolve());
  });
  await server.close();
  return 0;
}
