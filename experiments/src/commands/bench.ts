import type { CAC } from 'cac';
import { integerOption, textOption } from '../arguments.ts';
import { UsageError } from '../errors.ts';
import type { Action, Invocation } from '../main.ts';
import { suggestion } from '../suggest.ts';
import type { BackendOptions } from '../training/backend.ts';

interface Options extends BackendOptions {
  readonly recipe: unknown;
  readonly data?: unknown;
  readonly repeat?: unknown;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const benches = ['epoch'];

export function registerBench(cli: CAC, invocation: Invocation): void {
  cli
    .command('bench [what]', 'Measure: `epoch` times training epochs of a recipe', { allowUnknownOptions: true })
    .usage('bench epoch [options] [--section.key VALUE ...]')
    .option('--recipe <name>', 'Recipe to train', { default: 'ml-1m/hstu' })
    .option('--repeat <n>', 'Epochs to time', { default: 1 })
    .option('--data <dir>', 'Folder of the data sets (default: $SEQREC_DATA, else ./data)')
    .option('--backend <name>', 'auto, simd, cpu, wasm, webgpu or tensorflow', { default: 'auto' })
    .option('--threads <n>', 'Threads of the simd backend')
    .option('--json', 'Print JSON')
    .option('--quiet', 'No progress')
    .example('  $ seqrec bench epoch --recipe ml-1m/hstu')
    .example('  $ seqrec bench epoch --recipe ml-1m/hstu --threads 1 --repeat 3 --json')
    .action((what: string | undefined, options: Options) => run(what ?? 'epoch', options, invocation));
}

async function run(what: string, options: Options, invocation: Invocation): Action {
  if (!benches.includes(what))
    throw new UsageError(`seqrec bench: unknown benchmark "${what}"`, suggestion(what, benches));
  const repeat = integerOption('repeat', options.repeat) ?? 1;
  const { benchEpoch, renderBench } = await import('../training/bench-epoch.ts');
  const result = await benchEpoch({
    recipe: textOption('recipe', options.recipe) ?? 'ml-1m/hstu',
    overrides: invocation.overrides,
    repeat,
    dataFolder: textOption('data', options.data),
    backend: options,
    quiet: options.quiet ?? false,
  });
  console.log(options.json ? JSON.stringify(result, null, 2) : renderBench(result));
  return 0;
}
