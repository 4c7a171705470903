import type { CAC } from 'cac';
import { integerOption, textOption } from '../arguments.ts';
import { BLAS, BLAS_FROM, THREADS } from '../backend-options.ts';
import { UsageError } from '../errors.ts';
import type { Action, Invocation } from '../invocation.ts';
import type { BackendOptions } from '../run/process/backend.ts';
import { declareReads, type OptionsOf, SETTINGS } from '../unread-options.ts';

interface Options extends BackendOptions {
  readonly recipe?: unknown;
  readonly steps?: unknown;
  readonly data?: unknown;
  readonly verbose?: boolean;
  readonly quiet?: boolean;
}

/** What each way to ask can be told, besides what all can be. */
const READS: OptionsOf = { FILES: [], '--recipe': ['recipe', 'steps', 'data', SETTINGS] };

export function registerParity(cli: CAC, invocation: Invocation): void {
  const command = cli
    .command(
      'parity [...files]',
      'Compare a model with golden files of a reference, or the losses of a recipe with those of simd',
      { allowUnknownOptions: true },
    )
    .usage(
      'parity FILES [options]\n  $ seqrec parity --recipe RECIPE --backend NAME [options] [--section.key VALUE ...]',
    )
    .option('--recipe <name>', 'Train this recipe on simd and on the backend, from the same seed')
    .option('--steps <n>', 'Steps to train (default: an epoch)')
    .option('--data <dir>', 'Folder of the data sets (default: $SEQREC_DATA, else ./data)')
    .option('--backend <name>', 'auto, simd, cpu, wasm, webgpu or tensorflow', { default: 'auto' })
    .option(...THREADS)
    .option('--precision <p>', 'f32, or f16 for the operands of products (webgpu)')
    .option(...BLAS)
    .option(...BLAS_FROM)
    .option('--verbose', 'Every gradient, every step')
    .option('--quiet', 'No progress')
    .example('  $ seqrec parity golden/*.json')
    .example('  $ seqrec parity golden/hstu-2x2.json --backend cpu --verbose')
    .example('  $ seqrec parity --recipe ml-100k/hstu --backend webgpu')
    .action((files: readonly string[], options: Options) => run(files, options, invocation));
  declareReads(command, READS, (_, { recipe }) => (recipe === undefined ? 'FILES' : '--recipe'));
}

async function run(files: readonly string[], options: Options, { overrides }: Invocation): Action {
  const recipe = textOption('recipe', options.recipe);
  if ((recipe === undefined) === (files.length === 0)) {
    throw new UsageError('seqrec parity: expected golden files or --recipe, one of them');
  }
  return recipe === undefined ? goldens(files, options) : curves(recipe, options, overrides);
}

async function goldens(files: readonly string[], options: Options): Action {
  const { allPass, compareFile, renderComparisons } = await import('../measure/parity/compare.ts');
  const { startBackend } = await import('../run/process/backend.ts');
  const choice = await startBackend(options);
  const comparisons = [];
  for (const file of files) comparisons.push(await compareFile(file));
  console.log(`backend ${choice.name}: ${choice.reason}\n`);
  console.log(renderComparisons(comparisons, options.verbose ?? false));
  return allPass(comparisons) ? 0 : 1;
}

async function curves(recipe: string, options: Options, overrides: Invocation['overrides']): Action {
  const { compareCurves, renderCurves } = await import('../measure/parity/curve.ts');
  const comparison = await compareCurves({
    recipe,
    overrides,
    steps: integerOption('steps', options.steps),
    dataFolder: textOption('data', options.data),
    backend: options,
    quiet: options.quiet ?? false,
  });
  console.log(renderCurves(comparison, options.verbose ?? false));
  return comparison.within ? 0 : 1;
}
