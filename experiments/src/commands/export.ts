import { statSync } from 'node:fs';
import type { NamedHeader } from '@seqrec/models';
import type { CAC } from 'cac';
import { textOption } from '../arguments.ts';
import { CHECKPOINT, checkpointOption } from '../checkpoint-option.ts';
import { UsageError } from '../errors.ts';
import type { Action, Invocation } from '../invocation.ts';
import { declareReads, type OptionsOf } from '../unread-options.ts';

interface Options {
  readonly to?: unknown;
  readonly checkpoint: unknown;
  readonly out: unknown;
  readonly digest?: boolean;
  readonly buffers: boolean;
}

const READS: OptionsOf = {
  'RUN --to': ['checkpoint', 'out', 'no-buffers'],
  'RUN --digest': ['checkpoint', 'out'],
  'FILE --digest': [],
};

export function registerExport(cli: CAC, _invocation: Invocation): void {
  const command = cli
    .command('export <run>', 'Write the weights of a run alone, under the names of the public reference, for PyTorch')
    .option('--to <file>', 'Safetensors file that is written')
    .option('--digest', 'Print one sha256 of all weights; without --to nothing is written, and RUN may be a file')
    .option(...CHECKPOINT)
    .option(
      '--no-buffers',
      'Leave out _attn_mask, which the HSTU and SASRec of the reference keep beside their weights',
    )
    .option('--out <dir>', 'Folder of the runs', { default: 'runs' })
    .example('  $ seqrec export latest --to weights.safetensors')
    .example('  $ seqrec export latest --digest --checkpoint last')
    .example('  $ seqrec evaluate ml-100k/hstu --from weights.safetensors')
    .example('  $ seqrec train ml-100k/hstu --from weights.safetensors --epochs 5')
    .action((run: string, options: Options) => exportCommand(run, options));
  declareReads(command, READS, ([name], { to, digest }) => {
    if (to !== undefined) return 'RUN --to';
    if (!digest || name === undefined) return undefined;
    return isWeightsFile(name) ? 'FILE --digest' : 'RUN --digest';
  });
}

/** Whether the argument is a file and no run. */
function isWeightsFile(name: string): boolean {
  return name.endsWith('.safetensors') || statSync(name, { throwIfNoEntry: false })?.isFile() === true;
}

async function exportCommand(name: string, options: Options): Action {
  const checkpoint = checkpointOption(options.checkpoint);
  const to = textOption('to', options.to);
  if (to === undefined && options.digest) return printDigest(name, checkpoint, options);
  if (to === undefined) throw new UsageError('seqrec export: expected --to FILE or --digest; got neither');
  const { exportWeights } = await import('@seqrec/models');
  const { checkOutputFile, isSameFile } = await import('../run/folder/output-file.ts');
  const { checkpointOf } = await import('../run/open/open-run.ts');
  const { openRunDir } = await import('../run/folder/run-dir.ts');
  const { savedRun } = await import('../run/open/resume.ts');
  const run = openRunDir(textOption('out', options.out) ?? 'runs', name);
  const { file } = checkpointOf(run, checkpoint);
  if (isSameFile(to, file))
    throw new UsageError('seqrec export: expected --to, another file than the one that is read; got the same');
  checkOutputFile('--to', to, '.safetensors');
  const extra = { recipe: savedRun(run).name, run: run.id };
  const written = await exportWeights(file, to, { extra, referenceBuffers: options.buffers });
  const named = (wanted: NamedHeader['part']) => written.filter(({ part }) => part === wanted);
  const weights = named('weight');
  const numbers = weights.reduce((sum, { shape }) => sum + shape.reduce((product, axis) => product * axis, 1), 0);
  const features = named('features').length;
  const beside = [
    ...(features > 0 ? [`item_features/* of the data (${features} tensors)`] : []),
    ...named('reference').map((buffer) => `${buffer.name} of the reference (--no-buffers leaves it out)`),
  ];
  const rest = beside.length === 0 ? '' : `; beside them ${beside.join(', and ')}`;
  console.log(`${to}: ${weights.length} weights, ${numbers} numbers${rest}`);
  return options.digest ? printDigest(to, checkpoint, options) : 0;
}

/** Of a run's checkpoint, or of any file of weights. */
async function printDigest(name: string, checkpoint: 'best' | 'last' | undefined, { out }: Options): Action {
  const { weightsDigest } = await import('@seqrec/models');
  const { checkpointOf } = await import('../run/open/open-run.ts');
  const { openRunDir } = await import('../run/folder/run-dir.ts');
  const file = isWeightsFile(name)
    ? name
    : checkpointOf(openRunDir(textOption('out', out) ?? 'runs', name), checkpoint).file;
  const { digest, weights, numbers } = await weightsDigest(file);
  console.log(`${digest}  ${file}: ${weights} weights, ${numbers} numbers`);
  return 0;
}
