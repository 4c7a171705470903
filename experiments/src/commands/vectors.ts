import type { CAC } from 'cac';
import { choiceOption, textOption } from '../arguments.ts';
import type { Action, Invocation } from '../invocation.ts';
import { openRunOfCommand, type TrainedRunOptions, withRunOptions } from '../run-of-command.ts';

interface Options extends TrainedRunOptions {
  readonly of?: unknown;
  readonly to?: unknown;
}

export function registerVectors(cli: CAC, _invocation: Invocation): void {
  withRunOptions(
    cli
      .command(
        'vectors <run>',
        'Write vectors of a run: of items, or of users after each event, for other models to read',
      )
      .option('--of <what>', 'items: CSV, for itemVectors.path; users: safetensors, for data.userVectors.path', {
        default: 'items',
      })
      .option('--to <file>', 'File that is written (default: item-vectors.csv or user-vectors.safetensors of the run)'),
  )
    .example('  $ seqrec vectors latest --to items.csv')
    .example(
      '  $ seqrec train ml-1m/pinnerformer --itemVectors.path items.csv --model.itemDim 50 --model.freezeItems true',
    )
    .example('  $ seqrec vectors latest --of users --to users.safetensors')
    .example(
      '  $ seqrec train ml-1m/hstu --data.userVectors.path users.safetensors --data.userVectors.every 20 --model.features \'[{"column":"userVector","table":"events","encode":"standardise"}]\'',
    )
    .action((run: string, options: Options) => vectorsCommand(run, options));
}

async function vectorsCommand(name: string, options: Options): Action {
  const of = choiceOption('of', options.of, ['items', 'users'] as const) ?? 'items';
  const to = textOption('to', options.to);
  const { checkOutputFile } = await import('../run/folder/output-file.ts');
  if (to !== undefined) checkOutputFile('--to', to, of === 'items' ? '.csv' : '.safetensors');
  const { writeItemVectors, writeUserVectors } = await import('../run/outputs/export-vectors.ts');
  const { Progress } = await import('../terminal/progress.ts');
  const progress = new Progress();
  const opened = await openRunOfCommand(name, options, { progress });
  const { interactions } = opened.data.split;
  const file = to ?? opened.run[of === 'items' ? 'itemVectors' : 'userVectors'];
  if (of === 'items') await writeItemVectors(file, opened.model, interactions.items);
  else await writeUserVectors(file, opened.model, { interactions, about: opened.about, progress });
  console.log(file);
  return 0;
}
