import type { CAC } from 'cac';
import { choiceOption, textOption } from '../arguments.ts';
import type { Action, Invocation } from '../invocation.ts';
import type { BackendOptions } from '../run/process/backend.ts';

interface Options extends BackendOptions {
  readonly to?: unknown;
  readonly checkpoint: unknown;
  readonly data?: unknown;
  readonly out: unknown;
}

export function registerVectors(cli: CAC, _invocation: Invocation): void {
  cli
    .command('vectors <run>', 'Write the item vectors of a run as CSV: what other models can start from')
    .option('--to <file>', 'File that is written (default: item-vectors.csv in the folder of the run)')
    .option('--checkpoint <name>', 'best or last', { default: 'best' })
    .option('--data <dir>', 'Folder of the data sets (default: $SEQREC_DATA, else ./data)')
    .option('--out <dir>', 'Folder of the runs', { default: 'runs' })
    .option('--backend <name>', 'auto, simd, cpu, wasm, webgpu or tensorflow', { default: 'auto' })
    .option('--threads <n>', 'Threads of the simd backend')
    .example('  $ seqrec vectors latest --to items.csv')
    .example(
      '  $ seqrec train ml-1m/pinnerformer --itemVectors.path items.csv --model.itemDim 50 --model.freezeItems true',
    )
    .action((run: string, options: Options) => vectorsCommand(run, options));
}

async function vectorsCommand(name: string, options: Options): Action {
  const checkpoint = choiceOption('checkpoint', options.checkpoint, ['best', 'last'] as const) ?? 'best';
  const to = textOption('to', options.to);
  const { openTrainedRun } = await import('../run/open/open-run.ts');
  const { writeItemVectors } = await import('../run/outputs/export-vectors.ts');
  const { startBackend } = await import('../run/process/backend.ts');
  const { Progress } = await import('../terminal/progress.ts');
  await startBackend(options);
  const opened = await openTrainedRun({
    out: textOption('out', options.out) ?? 'runs',
    run: name,
    checkpoint,
    dataFolder: textOption('data', options.data),
    progress: new Progress(),
  });
  const file = to ?? opened.run.itemVectors;
  await writeItemVectors(file, opened.model, opened.data.split.interactions.items);
  console.log(file);
  return 0;
}
