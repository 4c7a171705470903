import type { CAC } from 'cac';
import { integerOption, numberOption, textOption } from '../arguments.ts';
import { BLAS, BLAS_FROM, THREADS } from '../backend-options.ts';
import { UsageError } from '../errors.ts';
import type { Action, Invocation } from '../invocation.ts';
import type { BackendOptions } from '../run/process/backend.ts';
import { partitionOption, rankOptions } from '../run/ranks/rank-options.ts';

interface Options extends BackendOptions {
  readonly config?: unknown;
  readonly data?: unknown;
  readonly out: unknown;
  readonly epochs?: unknown;
  readonly seed?: unknown;
  readonly resume?: unknown;
  readonly from?: unknown;
  readonly checkpointEverySteps?: unknown;
  readonly checkpointEverySeconds?: unknown;
  readonly quiet?: boolean;
  readonly ranks?: unknown;
  readonly rank?: unknown;
  readonly rendezvous?: unknown;
  readonly rankTimeout?: unknown;
  readonly shardTables?: unknown;
  readonly shardOptimizer?: boolean;
}

export function registerTrain(cli: CAC, invocation: Invocation): void {
  cli
    .command(
      'train [recipe]',
      'Train a recipe, or a configuration of your own, into a run folder: retrieval, or ranking of rows',
      {
        allowUnknownOptions: true,
      },
    )
    .usage('train RECIPE [options] [--section.key VALUE ...]')
    .option('--config <file>', 'A YAML configuration instead of a recipe; `extends: RECIPE` takes one as its base')
    .option('--data <dir>', 'Folder of the data sets (default: $SEQREC_DATA, else ./data)')
    .option('--out <dir>', 'Folder of the runs', { default: 'runs' })
    .option('--epochs <n>', 'Passes over the training set; the same as --training.epochs')
    .option('--seed <n>', 'Seed of weights, order, dropout and negatives')
    .option('--from <file>', 'Weights in a safetensors file to start from; the same as --initialWeights.path')
    .option('--resume <run>', 'Go on with a run: its path, its id, or latest')
    .option('--backend <name>', 'auto, simd, cpu, wasm, webgpu or tensorflow', { default: 'auto' })
    .option(...THREADS)
    .option('--precision <p>', 'f32, or f16 for the operands of products (webgpu)')
    .option(...BLAS)
    .option(...BLAS_FROM)
    .option('--checkpoint-every-steps <n>', 'Also save after so many steps inside an epoch')
    .option('--checkpoint-every-seconds <n>', 'Also save after so many seconds inside an epoch (default: 60)')
    .option(
      '--evaluation.ties <rule>',
      'Equal scores: expected (mean over their orders, the default), optimistic, pessimistic',
    )
    .option(
      '--evaluation.queryTime <t>',
      'Time that a model is asked at: target (the default) or last, of the last event',
    )
    .option(
      '--evaluation.positions <p>',
      'last: the target of each example; all: every event that nothing else has read',
    )
    .option(
      '--evaluation.baselines <names>',
      'What stands beside the model, with commas: popularity, recent-popularity, item-knn, last-item, markov, random-walk, ease, slim; or none',
    )
    .option('--evaluation.selectBy <m>', 'What chooses the best checkpoint: HR@k, NDCG@k, MRR; of rows AUC, logloss')
    .option('--ranks <n>', 'Train as so many ranks: threads of this process, or with --rank processes')
    .option('--rank <r>', 'Which rank this process is, from 0; not needed under mpiexec, srun and Kubernetes')
    .option('--rendezvous <host:port>', 'Where rank 0 listens and the others find it (with --rank)')
    .option('--rank-timeout <s>', 'Seconds that ranks wait for each other in a step (default: 600)')
    .option(
      '--shard-tables <how>',
      'Each rank holds a share of the item table: row-cyclic, row-blocks, table, or columns',
    )
    .option('--shard-optimizer', 'Each rank keeps moments of some of the dense weights, and takes their steps')
    .option('--quiet', 'Print neither progress nor the table of epochs')
    .example('  $ seqrec train ml-100k/hstu --data data')
    .example('  $ seqrec train ml-1m/hstu --epochs 20 --model.numBlocks 4 --optimizer.learningRate 5e-4')
    .example('  $ seqrec train csv/hstu --data.path my.csv --data.columns.user user_id --data.columns.time at')
    .example('  $ seqrec train ml-1m/hstu --evaluation.baselines popularity,item-knn,ease --evaluation.ease.lambda 200')
    .example('  $ seqrec train csv/sasrec --data.path my.csv --data.columns.time none --data.encoding latin1')
    .example('  $ seqrec train ml-1m/hstu --data.ties shuffle:7')
    .example('  $ seqrec train ml-100k/hstu --evaluation.ties optimistic --evaluation.queryTime last')
    .example('  $ seqrec train ctr/ml-1m-mlp --evaluation.selectBy logloss --evaluation.segments gender,age')
    .example('  $ seqrec train --config my.yaml')
    .example('  $ seqrec train ml-100k/hstu --from weights.safetensors')
    .example('  $ seqrec train ml-1m/hstu --ranks 2')
    .example('  $ mpiexec -n 4 npx seqrec train ml-1m/hstu')
    .example('  $ seqrec train ml-1m/hstu --ranks 2 --shard-tables row-cyclic')
    .example('  $ seqrec train ml-1m/hstu --ranks 2 --shard-optimizer')
    .example('  $ seqrec train ml-1m/hstu --rank 1 --ranks 4 --rendezvous node0:29400')
    .example('  $ seqrec train --resume latest')
    .action((recipe: string | undefined, options: Options) => run(recipe, options, invocation));
}

function positive(name: string, value: number | undefined): number | undefined {
  if (value === undefined || value > 0) return value;
  throw new UsageError(`--${name}: expected a number above 0; got ${value}`);
}

async function run(recipe: string | undefined, options: Options, invocation: Invocation): Action {
  const epochs = integerOption('epochs', options.epochs);
  const seed = integerOption('seed', options.seed, 0);
  const from = textOption('from', options.from);
  const everySteps = integerOption('checkpoint-every-steps', options.checkpointEverySteps);
  const everySeconds = integerOption('checkpoint-every-seconds', options.checkpointEverySeconds);
  const partition = partitionOption(options.shardTables);
  const rankTimeout = positive('rank-timeout', numberOption('rank-timeout', options.rankTimeout));
  // Short forms first, so that a dotted key given as well has the last word.
  const overrides = [
    ...(epochs === undefined ? [] : [{ key: 'training.epochs', text: String(epochs) }]),
    ...(seed === undefined ? [] : [{ key: 'seed', text: String(seed) }]),
    ...(from === undefined ? [] : [{ key: 'initialWeights.path', text: from }]),
    ...invocation.overrides,
  ];
  const { trainCommand } = await import('../run/loop/train-run.ts');
  return trainCommand({
    recipe,
    configFile: textOption('config', options.config),
    overrides,
    dataFolder: textOption('data', options.data),
    out: textOption('out', options.out) ?? 'runs',
    resume: textOption('resume', options.resume),
    backend: options,
    checkpoints: { everySteps, everySeconds },
    quiet: options.quiet ?? false,
    ranks: rankOptions(options),
    ...(rankTimeout !== undefined && { rankTimeout }),
    ...(partition !== undefined && { partition }),
    ...(options.shardOptimizer && { shardOptimizer: true }),
  });
}
