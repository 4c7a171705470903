import type { CAC } from 'cac';
import { rawOption, textOption } from '../arguments.ts';
import { THREADS } from '../backend-options.ts';
import type { Action, Invocation } from '../invocation.ts';
import type { BackendOptions } from '../run/process/backend.ts';
import { declareReads, type OptionsOf, SETTINGS } from '../unread-options.ts';

interface Options extends BackendOptions {
  readonly to?: unknown;
  readonly dataset?: unknown;
  readonly data?: unknown;
  readonly item?: unknown;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const FITTING = ['data', 'backend', 'threads', SETTINGS];

/** What each action can be told, besides what all can be. */
const READS: OptionsOf = { fit: [...FITTING, 'json'], show: ['item', 'json'], append: [...FITTING, 'dataset'] };

export function registerIds(cli: CAC, invocation: Invocation): void {
  const command = cli
    .command(
      'ids <what> <of>',
      'Semantic ids of items: fit those of a data set, show a file of them, append new items',
      { allowUnknownOptions: true },
    )
    .usage('ids fit DATASET | show FILE | append FILE [options] [--section.key VALUE ...]')
    .option('--to <file>', 'File that is written (default: ids.safetensors); of show: a table of codes, .tsv')
    .option('--dataset <name>', 'Of append: the data set with the new items')
    .option('--item <id>', 'Of show: the codes of an item, and the items that share its first codes')
    .option('--data <dir>', 'Folder of the data sets (default: $SEQREC_DATA, else ./data)')
    .option('--backend <name>', 'auto, simd, cpu, wasm, webgpu or tensorflow', { default: 'auto' })
    .option(...THREADS)
    .option('--json', 'Print JSON')
    .option('--quiet', 'No progress')
    .example('  $ seqrec ids fit amazon-beauty --to beauty.safetensors')
    .example('  $ seqrec ids fit amazon-beauty --ids.tokenizer.normalize true --ids.collisions next-nearest')
    .example('  $ seqrec ids fit amazon-beauty --ids.vectors \'[{"kind":"lsa"},{"kind":"behaviour"}]\'')
    .example('  $ seqrec ids fit amazon-beauty --ids.vectors \'[{"kind":"file","path":"text.npy"}]\'')
    .example('  $ seqrec ids show beauty.safetensors --item 17 --to codes.tsv')
    .example('  $ seqrec ids append beauty.safetensors --dataset next-month.csv --to beauty-2.safetensors')
    .action((action: string, target: string, options: Options) => run(action, target, options, invocation));
  declareReads(command, READS, ([action]) => action);
}

async function run(action: string, target: string, options: Options, { overrides, argv }: Invocation): Action {
  const { UsageError } = await import('../errors.ts');
  const { Progress } = await import('../terminal/progress.ts');
  const { readSemanticIds, writeSemanticIds } = await import('@seqrec/models');
  const { listIds } = await import('../ids/list-ids.ts');
  const { renderListing } = await import('../terminal/listing.ts');
  const { formatDuration } = await import('../terminal/format.ts');
  const { checkOutputFile, isSameFile } = await import('../run/folder/output-file.ts');
  if (options.json && options.item !== undefined)
    throw new UsageError('seqrec ids show: expected --item or --json; got both');
  // As typed: ids and names of files may look like numbers.
  const text = (name: 'to' | 'data' | 'dataset' | 'item'): string | undefined =>
    textOption(name, options[name]) && rawOption(argv, name);
  const to = text('to');
  const begin = performance.now();
  const progress = new Progress({ quiet: options.quiet ?? false });
  const command = { folder: text('data'), overrides, backend: options, progress };
  switch (action) {
    case 'fit': {
      const { fitIds } = await import('../ids/fit-ids.ts');
      const file = to ?? 'ids.safetensors';
      checkOutputFile('--to', file, '.safetensors');
      const ids = await fitIds({ ...command, dataset: target });
      await writeSemanticIds(file, ids);
      console.log(options.json ? JSON.stringify(ids.report, null, 2) : renderListing(listIds(ids)));
      if (!options.json) console.log(`\n${file}, ${formatDuration((performance.now() - begin) / 1000)}`);
      return 0;
    }
    case 'append': {
      const dataset = text('dataset');
      if (dataset === undefined)
        throw new UsageError('seqrec ids append: expected --dataset, the data with the new items; got none');
      if (to === undefined || isSameFile(to, target))
        throw new UsageError(
          'seqrec ids append: expected --to, another file than the one that is read; got none, or the same',
          'each version is a file of its own: models keep the ids that they were trained with',
        );
      checkOutputFile('--to', to, '.safetensors');
      const { appendIds } = await import('../ids/append-ids.ts');
      const { ids, appended } = await appendIds(target, { ...command, dataset });
      await writeSemanticIds(to, ids);
      console.log(`${to}: version ${ids.version}, ${ids.codes.count} items, ${appended} of them new`);
      return 0;
    }
    case 'show': {
      if (to !== undefined) {
        if (isSameFile(to, target))
          throw new UsageError('seqrec ids show: expected --to, another file than the one that is read; got the same');
        checkOutputFile('--to', to, '.tsv');
      }
      const ids = await readSemanticIds(target);
      const item = text('item');
      if (item !== undefined) {
        const { showItem } = await import('../ids/show-item.ts');
        console.log(showItem(ids, item));
      } else console.log(options.json ? JSON.stringify(ids.report, null, 2) : renderListing(listIds(ids)));
      if (to !== undefined) {
        const { codesTable } = await import('../ids/codes-table.ts');
        const { writeFileAtomic } = await import('../run/folder/atomic.ts');
        writeFileAtomic(to, codesTable(ids));
        if (!options.json) console.log(to);
      }
      return 0;
    }
    default:
      throw new UsageError(`seqrec ids: expected fit, show or append; got "${action}"`);
  }
}
