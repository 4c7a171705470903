import { dirname } from 'node:path';
import type { Network, NetworkName } from '@seqrec/models';
import type { CAC } from 'cac';
import { integerOption, numberOption, textOption } from '../arguments.ts';
import { UsageError } from '../errors.ts';
import type { Action, Invocation } from '../invocation.ts';
import { saveFolder } from '../results/saved.ts';
import { checkOutputFile } from '../run/folder/output-file.ts';
import type { BackendOptions } from '../run/process/backend.ts';
import type { PlanRequest } from '../studies/plan/plan.ts';
import { suggestion } from '../suggest.ts';

interface Options extends BackendOptions {
  readonly ranks?: unknown;
  readonly network?: unknown;
  readonly alpha?: unknown;
  readonly beta?: unknown;
  readonly measure?: boolean;
  readonly memory?: unknown;
  readonly shardOptimizer?: boolean;
  readonly stepMs?: unknown;
  readonly fixedMs?: unknown;
  readonly gflops?: unknown;
  readonly cores?: unknown;
  readonly steps?: unknown;
  readonly rows?: unknown;
  readonly zipf?: unknown;
  readonly explain?: unknown;
  readonly plot?: unknown;
  readonly data?: unknown;
  readonly save?: unknown;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function registerPlan(cli: CAC, invocation: Invocation): void {
  cli
    .command('plan <recipe>', 'Predict distributed training by a model: bytes, balance, memory and time of a step', {
      allowUnknownOptions: true,
    })
    .usage('plan RECIPE [options] [--section.key VALUE ...]')
    .option('--ranks <list>', 'Numbers of ranks: 2..1024 doubles from 2 on, or a list such as 2,4,8', {
      default: '2..1024',
    })
    .option('--network <names>', 'laptop, 10GbE, 100GbE, nvlink, several with commas, or all', { default: '100GbE' })
    .option('--alpha <us>', 'Latency of a collective in microseconds, in place of that of the one network')
    .option('--beta <gbs>', 'Bytes that a rank sends in GB/s, in place of that of the one network')
    .option('--measure', 'Measure latency and bandwidth between two threads here (laptop)')
    .option('--memory <bytes>', 'What a rank has room for, such as 512MiB, 16GiB or 80GB (default: no bound)')
    .option('--step-ms <ms>', 'Time of a step of one rank, instead of measuring some')
    .option('--fixed-ms <ms>', 'What of --step-ms does not shrink with the batch (default: 0)')
    .option('--gflops <n>', 'Rate of a rank: the operations of a step at so many GFLOP/s, instead of measuring')
    .option('--cores <n>', 'Cores that the ranks of laptop share (default: those of this machine)')
    .option('--steps <n>', 'Steps that are simulated', { default: 5 })
    .option('--rows <n>', 'Rows of the largest table, such as 1e9, with ids by a law in place of those of the data')
    .option('--zipf <s>', "Exponent of Zipf's law of these ids (with --rows; default: 1.05)")
    .option('--explain <ranks>', 'The number of ranks whose tables are explained (default: the largest)')
    .option('--plot <file>', 'Draw the predicted times into FILE.svg, and the bytes into FILE-bytes.svg')
    .option('--data <dir>', 'Folder of the data sets (default: $SEQREC_DATA, else ./data)')
    .option('--backend <name>', 'auto, simd, cpu, wasm, webgpu or tensorflow', { default: 'auto' })
    .option('--threads <n>', 'Threads that a rank computes with', { default: 1 })
    .option('--shard-optimizer', 'Moments of dense weights lie with owners, as train --shard-optimizer leaves them')
    .option('--save [dir]', 'Keep the result with machine, version and day (default: docs/results of the repository)')
    .option('--json', 'Print JSON')
    .option('--quiet', 'No progress')
    .example('  $ seqrec plan ml-1m/hstu')
    .example('  $ seqrec plan ml-1m/hstu --ranks 2,4,8 --network laptop --measure')
    .example('  $ seqrec plan ml-1m/hstu --network all --training.batchSize 4096 --plot plan.svg')
    .example('  $ seqrec plan ctr/ml-1m-dcn-v2 --network 10GbE --step-ms 120')
    .example('  $ seqrec plan ml-1m/hstu --ranks 2..64 --shard-optimizer')
    .example('  $ seqrec plan ml-1m/hstu --rows 1e9 --zipf 1.05 --memory 16GiB --ranks 64..1024')
    .action((recipe: string, options: Options) => run(recipe, options, invocation));
}

async function run(recipe: string, options: Options, invocation: Invocation): Action {
  const plot = textOption('plot', options.plot);
  if (plot !== undefined) checkPlot(plot);
  const ranks = ranksOption(options.ranks);
  const save = saveFolder(options.save);
  // What can be refused without the packages is refused before they are loaded.
  const request: Omit<PlanRequest, 'networks'> = {
    recipe,
    overrides: invocation.overrides,
    dataFolder: textOption('data', options.data),
    backend: options,
    quiet: options.quiet ?? false,
    ranks,
    measure: options.measure ?? false,
    steps: integerOption('steps', options.steps) ?? 5,
    memory: bytesOption('memory', options.memory),
    cores: integerOption('cores', options.cores),
    explain: explainOption(options.explain, ranks),
    compute: computeOption(options),
    standIn: standInOption(options),
    shardOptimizer: options.shardOptimizer ?? false,
  };
  const networks = await networksOption(options);
  const { planRecipe } = await import('../studies/plan/plan.ts');
  const plan = await planRecipe({ ...request, networks });
  const { listPlan } = await import('../studies/plan/plan-listing.ts');
  const { renderListing } = await import('../terminal/listing.ts');
  console.log(options.json ? JSON.stringify(plan, null, 2) : renderListing(listPlan(plan)));
  if (plot !== undefined) {
    const { planBytesFigure, planTimeFigure } = await import('../studies/plan/plan-figure.ts');
    const { writeFileAtomic } = await import('../run/folder/atomic.ts');
    const { makeFolder } = await import('../run/folder/make-folder.ts');
    makeFolder(dirname(plot));
    writeFileAtomic(plot, planTimeFigure(plan));
    writeFileAtomic(bytesPlot(plot), planBytesFigure(plan));
    console.error(`written: ${plot}, ${bytesPlot(plot)}`);
  }
  if (save !== undefined) {
    const { saveResult } = await import('../results/saved.ts');
    const { withoutRanks } = await import('../studies/plan/points.ts');
    console.error(`saved: ${saveResult(save, 'plan', withoutRanks(plan))}`);
  }
  return 0;
}

function checkPlot(plot: string): void {
  if (!plot.endsWith('.svg')) throw new UsageError(`--plot: expected a file that ends in .svg; got ${plot}`);
  checkOutputFile('--plot', plot, '.svg');
  checkOutputFile('--plot', bytesPlot(plot), '.svg');
}

function bytesPlot(plot: string): string {
  return plot.replace(/\.svg$/, '-bytes.svg');
}

/** A simulated rank costs memory for its counts, and 4,096 take seconds a step. */
const MOST_RANKS = 4096;

/** `2..1024`: doubles from the first to the last, which is in it; or a list. */
function ranksOption(value: unknown): readonly number[] {
  const text = textOption('ranks', value) ?? '';
  const range = /^(\d+)\.\.(\d+)$/.exec(text);
  const numbers = range
    ? doubles(Number(range[1]), Number(range[2]))
    : text.split(',').map((part) => (/^\d+$/.test(part) ? Number(part) : Number.NaN));
  const ok = numbers.length > 0 && numbers.every((n) => n >= 1 && n <= MOST_RANKS);
  if (!ok || new Set(numbers).size < numbers.length)
    throw new UsageError(
      `--ranks: expected numbers of ranks from 1 to ${MOST_RANKS}, such as 2..1024 or 2,4,8; got "${text}"`,
    );
  return numbers.toSorted((a, b) => a - b);
}

function doubles(from: number, to: number): number[] {
  const numbers: number[] = [];
  if (from < 1 || to > MOST_RANKS) return numbers;
  for (let n = from; n < to; n *= 2) numbers.push(n);
  return from <= to ? [...numbers, to] : numbers;
}

async function networksOption(options: Options): Promise<readonly Network[]> {
  const { NETWORKS } = await import('@seqrec/models');
  const known = Object.keys(NETWORKS) as NetworkName[];
  const text = textOption('network', options.network) ?? '';
  const names = text === 'all' ? known : [...new Set(text.split(','))];
  for (const name of names)
    if (!known.includes(name as NetworkName))
      throw new UsageError(
        `--network: expected names among ${known.join(', ')}, or all; got "${name}"`,
        suggestion(name, known),
      );
  if (options.measure && !names.includes('laptop'))
    throw new UsageError('--measure: expected --network laptop with it, which is this machine');
  if (options.cores !== undefined && !names.includes('laptop'))
    throw new UsageError('--cores: expected --network laptop with it, whose ranks share the cores of one machine');
  const alpha = positive('alpha', options.alpha, 0);
  const beta = positive('beta', options.beta);
  const networks = names.map((name): Network => NETWORKS[name as NetworkName]);
  if (alpha === undefined && beta === undefined) return networks;
  const [name] = [alpha === undefined ? '--beta' : '--alpha'];
  if (options.measure) throw new UsageError(`${name}: expected it without --measure, which finds both`);
  if (networks.length > 1) throw new UsageError(`${name}: expected one --network with it; got ${names.join(',')}`);
  const [network] = networks;
  const given = {
    ...(alpha !== undefined && { latency: alpha / 1e6 }),
    ...(beta !== undefined && { bandwidth: beta * 1e9 }),
  };
  return [{ ...network, ...given, source: 'given on the command line' }];
}

function computeOption(options: Options): PlanRequest['compute'] {
  const stepMs = positive('step-ms', options.stepMs);
  const fixedMs = positive('fixed-ms', options.fixedMs, 0);
  const gflops = positive('gflops', options.gflops);
  if (gflops !== undefined && stepMs !== undefined)
    throw new UsageError('--gflops: expected it or --step-ms, not both: each gives the time of a step');
  if (fixedMs !== undefined && (stepMs === undefined || fixedMs > stepMs))
    throw new UsageError(
      `--fixed-ms: expected at most --step-ms, which it is a part of; got ${fixedMs} of ${stepMs ?? 'none'}`,
    );
  if (gflops !== undefined) return { kind: 'rate', flopsPerSecond: gflops * 1e9 };
  if (stepMs === undefined) return { kind: 'measured' };
  return { kind: 'given', seconds: stepMs / 1000, fixed: (fixedMs ?? 0) / 1000 };
}

function standInOption(options: Options): PlanRequest['standIn'] {
  const rows = integerOption('rows', options.rows);
  const exponent = positive('zipf', options.zipf, 0);
  if (rows === undefined && exponent !== undefined)
    throw new UsageError('--zipf: expected --rows with it, the size of the table whose ids it is the law of');
  return rows === undefined ? undefined : { rows, exponent: exponent ?? 1.05 };
}

function explainOption(value: unknown, ranks: readonly number[]): number | undefined {
  const explain = integerOption('explain', value);
  if (explain === undefined || ranks.includes(explain)) return explain;
  throw new UsageError(`--explain: expected one of --ranks, ${ranks.join(', ')}; got ${explain}`);
}

/** A number above `least`, or from 0 on where that is given. */
function positive(name: string, value: unknown, least?: 0): number | undefined {
  const number = numberOption(name, value);
  if (number === undefined || number > 0 || number === least) return number;
  throw new UsageError(`--${name}: expected a number ${least === 0 ? 'of 0 or more' : 'above 0'}; got ${number}`);
}

const UNITS = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

function bytesOption(name: string, value: unknown): number | undefined {
  const text = textOption(name, value);
  if (text === undefined) return undefined;
  const match = /^(\d+(?:\.\d+)?)([KMGT]i?B|B)$/.exec(text);
  const bytes = match ? Math.floor(Number(match[1]) * UNITS[match[2] as keyof typeof UNITS]) : 0;
  if (bytes > 0) return bytes;
  throw new UsageError(`--${name}: expected a size such as 512MiB, 16GiB or 80GB; got "${text}"`);
}
