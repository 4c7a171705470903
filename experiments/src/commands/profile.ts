import type { CAC } from 'cac';
import { integerOption, textOption } from '../arguments.ts';
import { BLAS, BLAS_FROM, THREADS } from '../backend-options.ts';
import type { Action, Invocation } from '../invocation.ts';
import { writeFileAtomic } from '../run/folder/atomic.ts';
import type { BackendOptions } from '../run/process/backend.ts';

interface Options extends BackendOptions {
  readonly data?: unknown;
  readonly steps?: unknown;
  readonly items?: unknown;
  readonly trace?: unknown;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function registerProfile(cli: CAC, invocation: Invocation): void {
  cli
    .command('profile <recipe>', 'Time a training step kernel by kernel', { allowUnknownOptions: true })
    .usage('profile RECIPE [options] [--section.key VALUE ...]')
    .option('--steps <n>', 'Steps to time', { default: 10 })
    .option(
      '--items <n>',
      "Generated sequences over so many items in place of the recipe's data (recipes of retrieval)",
    )
    .option('--trace <file>', 'Also write a trace for chrome://tracing or ui.perfetto.dev')
    .option('--data <dir>', 'Folder of the data sets (default: $SEQREC_DATA, else ./data)')
    .option('--backend <name>', 'auto, simd, cpu, wasm, webgpu or tensorflow', { default: 'auto' })
    .option(...THREADS)
    .option('--precision <p>', 'f32, or f16 for the operands of products (webgpu)')
    .option(...BLAS)
    .option(...BLAS_FROM)
    .option('--json', 'Print JSON')
    .option('--quiet', 'No progress')
    .example('  $ seqrec profile ml-1m/hstu')
    .example('  $ seqrec profile ml-1m/sasrec --steps 20 --trace step.json')
    .example('  $ seqrec profile ctr/ml-1m-dcn-v2')
    .example('  $ seqrec profile ml-20m/hstu --items 131263 --blas auto')
    .example('  $ seqrec profile ml-100k/hstu --backend webgpu --steps 3')
    .action((recipe: string, options: Options) => run(recipe, options, invocation));
}

async function run(recipe: string, options: Options, invocation: Invocation): Action {
  const { profileSteps, renderProfile } = await import('../measure/bench/profile.ts');
  const { trace, ...profile } = await profileSteps({
    recipe,
    overrides: invocation.overrides,
    steps: integerOption('steps', options.steps) ?? 10,
    dataFolder: textOption('data', options.data),
    backend: options,
    standInItems: integerOption('items', options.items),
    quiet: options.quiet ?? false,
  });
  console.log(options.json ? JSON.stringify(profile, null, 2) : renderProfile({ ...profile, trace }));
  const file = textOption('trace', options.trace);
  if (file !== undefined) {
    writeFileAtomic(file, JSON.stringify({ traceEvents: trace }));
    console.log(`trace: ${file} (open it in chrome://tracing or ui.perfetto.dev)`);
  }
  return 0;
}
