import type { CAC } from 'cac';
import { integerOption, numberListOption, textOption } from '../arguments.ts';
import { BLAS, BLAS_FROM, THREADS } from '../backend-options.ts';
import type { Action, Invocation } from '../invocation.ts';
import type { BackendOptions } from '../run/process/backend.ts';
import { shellWord } from '../terminal/shell-word.ts';

interface Options extends BackendOptions {
  readonly config?: unknown;
  readonly space?: unknown;
  readonly trials?: unknown;
  readonly budget?: unknown;
  readonly eta?: unknown;
  readonly seed?: unknown;
  readonly retrain?: unknown;
  readonly data?: unknown;
  readonly out?: unknown;
  readonly quiet?: boolean;
}

export function registerSearch(cli: CAC, invocation: Invocation): void {
  cli
    .command('search [recipe]', 'Tune a recipe on its validation set: random search, successive halving, one budget', {
      allowUnknownOptions: true,
    })
    .usage('search RECIPE [options] [--section.key VALUE ...]')
    .option('--config <file>', 'A YAML configuration instead of a recipe')
    .option('--space <file>', 'YAML: keys with choices or ranges (default: the space of the recipe)')
    .option('--trials <n>', 'Settings that are drawn (default: 16)')
    .option('--budget <b>', 'Of all trials together: a time such as 20m, or operations of training such as 1e14')
    .option('--eta <n>', 'One trial of so many goes on from a rung to the next (default: 3)')
    .option('--seed <n>', 'Seed of the draws and of the trials (default: 1)')
    .option('--retrain <seeds>', 'Train the winner with these seeds, with commas, and test it')
    .option('--data <dir>', 'Folder of the data sets (default: $SEQREC_DATA, else ./data)')
    .option('--out <dir>', 'Folder of the search; its runs lie in trials (default: runs/search-RECIPE)')
    .option('--backend <name>', 'auto, simd, cpu, wasm, webgpu or tensorflow', { default: 'auto' })
    .option(...THREADS)
    .option(...BLAS)
    .option(...BLAS_FROM)
    .option('--quiet', 'No progress')
    .example('  $ seqrec search ml-100k/sasrec')
    .example('  $ seqrec search ml-1m/hstu --trials 27 --budget 2h')
    .example('  $ seqrec search ml-1m/gru4rec --budget 1e14 --retrain 1,2,3')
    .example('  $ seqrec search amazon-beauty/sasrec --space space.yaml --training.epochs 100 --training.patience 5')
    .action((recipe: string | undefined, options: Options) => run(recipe, options, invocation));
}

async function run(recipe: string | undefined, options: Options, invocation: Invocation): Action {
  const { budgetOption } = await import('../studies/search/budget.ts');
  const { searchCommand } = await import('../studies/search/run-search.ts');
  const budget = budgetOption('budget', options.budget);
  return searchCommand({
    recipe,
    configFile: textOption('config', options.config),
    overrides: invocation.overrides,
    space: textOption('space', options.space),
    trials: integerOption('trials', options.trials, 2, 10_000) ?? 16,
    eta: integerOption('eta', options.eta, 2, 1000) ?? 3,
    seed: integerOption('seed', options.seed, 0) ?? 1,
    ...(budget && { budget }),
    retrain: options.retrain === undefined ? [] : numberListOption('retrain', options.retrain, [], 0),
    dataFolder: textOption('data', options.data),
    out: textOption('out', options.out),
    backend: options,
    quiet: options.quiet ?? false,
    command: ['seqrec', ...process.argv.slice(2)].map(shellWord).join(' '),
  });
}
