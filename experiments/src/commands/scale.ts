import type { CAC } from 'cac';
import { durationOption, integerOption, numberListOption, textOption } from '../arguments.ts';
import { BLAS, BLAS_FROM, THREADS } from '../backend-options.ts';
import { UsageError } from '../errors.ts';
import type { Action, Invocation } from '../invocation.ts';
import { saveFolder } from '../results/saved.ts';
import type { BackendOptions } from '../run/process/backend.ts';
import type { StalenessOptions } from '../studies/staleness/staleness.ts';
import { suggestion } from '../suggest.ts';
import { declareReads, type OptionsOf, SETTINGS } from '../unread-options.ts';

interface Options extends BackendOptions {
  readonly recipe?: unknown;
  readonly encoders?: unknown;
  readonly objectives?: unknown;
  readonly widths?: unknown;
  readonly depths?: unknown;
  readonly lengths?: unknown;
  readonly levels?: unknown;
  readonly budget?: unknown;
  readonly flops?: unknown;
  readonly users?: unknown;
  readonly steps?: unknown;
  readonly counts?: unknown;
  readonly window?: unknown;
  readonly policies?: unknown;
  readonly batch?: unknown;
  readonly repeats?: unknown;
  readonly ages?: unknown;
  readonly hours?: unknown;
  readonly seeds?: unknown;
  readonly epochs?: unknown;
  readonly seed?: unknown;
  readonly data?: unknown;
  readonly out?: unknown;
  readonly save?: unknown;
  readonly quiet?: boolean;
}

const RECIPE = ['recipe', 'data', 'seed', SETTINGS];

/** What each study can be told, besides what all can be. */
const READS: OptionsOf = {
  compute: [...RECIPE, 'objectives', 'users', 'lengths', 'levels', 'budget', 'flops'],
  length: ['lengths', 'batch', 'repeats'],
  data: [...RECIPE, 'objectives', 'users', 'steps', 'counts'],
  history: [...RECIPE, 'objectives', 'users', 'steps', 'lengths', 'window', 'policies'],
  staleness: [...RECIPE, 'window', 'ages', 'hours', 'seeds', 'epochs'],
};

const studies = Object.keys(READS);

export function registerScale(cli: CAC, invocation: Invocation): void {
  const command = cli
    .command(
      'scale [study]',
      'Scaling studies with plots: compute, length, data, history, staleness; a killed one continues',
      {
        allowUnknownOptions: true,
      },
    )
    .usage('scale compute|length|data|history|staleness [options] [--section.key VALUE ...]')
    .option('--recipe <name>', 'Recipe that gives data, objective, optimiser, batch and seed', {
      default: 'ml-1m/hstu',
    })
    .option(
      '--encoders <names>',
      'Encoders, with commas (default: hstu,transformer-plus-plus,pinnerformer; history: hstu; staleness: one, hstu)',
    )
    .option(
      '--objectives <which>',
      "own: each encoder under the objective that it is published with; shared: the recipe's",
      {
        default: 'own',
      },
    )
    .option('--widths <list>', 'Model widths (compute: 32,64; else one, 64)')
    .option('--depths <list>', 'Numbers of blocks (compute: 2,4; else one, 2)')
    .option('--lengths <list>', 'Sequence lengths (compute: 50,200; length: 128 to 2048; history: 50 to 500)')
    .option('--levels <n>', 'Levels of compute, each twice the one before (compute)', { default: 5 })
    .option('--budget <time>', 'Time that compute may take, such as 30m or 2h (default: 100m)')
    .option('--flops <n>', 'Largest level of compute itself, such as 4e12, instead of a budget')
    .option('--steps <n>', 'Optimiser steps of every arm (data, history)', { default: 1000 })
    .option('--counts <list>', 'Numbers of users (data; default: all, a half, ... a thirty-second)')
    .option(
      '--window <n>',
      'Events that sliding policies read (history; default: the least of the lengths), or the small model (staleness: 20)',
    )
    .option('--ages <list>', 'Ages of the user vectors, events (staleness)', { default: '0,1,2,4,8,16,32,64' })
    .option(
      '--hours <list>',
      'Ages of the user vectors, hours, or none (staleness; default: 1,24,168, and none where the data have no times)',
    )
    .option('--seeds <list>', 'Seeds, with commas (staleness)', { default: '1,2,3' })
    .option('--epochs <n>', 'Epochs of every training instead of those of the recipe (staleness)')
    .option('--policies <names>', 'Sliding policies beside the latest window, with commas (history)', {
      default: 'one-random,round-robin,weighted',
    })
    .option('--batch <n>', 'Sequences in a batch (length)', { default: 8 })
    .option('--repeats <n>', 'Timed steps (length)', { default: 5 })
    .option('--users <n>', 'Most users that a measurement looks at (compute, data, history)', { default: 10_000 })
    .option('--seed <n>', 'Seed of weights, order, dropout, negatives and chosen users')
    .option('--data <dir>', 'Folder of the data sets (default: $SEQREC_DATA, else ./data)')
    .option('--out <dir>', 'Folder of the study (default: runs/scale-STUDY-DATA)')
    .option('--save [dir]', 'Keep what it says with machine, version and day (default: docs/results of the repository)')
    .option('--backend <name>', 'auto, simd, cpu, wasm, webgpu or tensorflow', { default: 'auto' })
    .option(...THREADS)
    .option(...BLAS)
    .option(...BLAS_FROM)
    .option('--quiet', 'No progress')
    .example('  $ seqrec scale compute --budget 30m')
    .example('  $ seqrec scale length --encoders hstu,transformer')
    .example('  $ seqrec scale data --recipe ml-100k/hstu --steps 400')
    .example('  $ seqrec scale history --lengths 50,200,500 --policies one-random')
    .example('  $ seqrec scale staleness --recipe ml-100k/hstu --window 20 --widths 32 --depths 1')
    .example('  $ seqrec scale compute --recipe ml-100k/hstu --encoders hstu,sasrec --widths 16,32 --depths 1,2')
    .action((study: string | undefined, options: Options) => run(study, options, invocation));
  declareReads(command, READS, ([study]) => study);
}

async function run(study: string | undefined, options: Options, invocation: Invocation): Action {
  if (study === undefined || !studies.includes(study))
    throw new UsageError(
      `seqrec scale: expected a study, one of ${studies.join(', ')}; got ${study === undefined ? 'nothing' : `"${study}"`}`,
      study === undefined ? undefined : suggestion(study, studies),
    );
  if (study === 'staleness' && options.seed !== undefined)
    throw new UsageError('--seed: expected --seeds for scale staleness, which trains each of them');
  if (options.budget !== undefined && options.flops !== undefined)
    throw new UsageError('seqrec scale compute: expected --budget or --flops; got both');
  const seed = integerOption('seed', options.seed, 0);
  const common = {
    recipe: textOption('recipe', options.recipe) ?? 'ml-1m/hstu',
    overrides: [...(seed === undefined ? [] : [{ key: 'seed', text: String(seed) }]), ...invocation.overrides],
    dataFolder: textOption('data', options.data),
    out: textOption('out', options.out),
    save: saveFolder(options.save),
    backend: options,
    objectives: objectivesOf(options.objectives),
    evaluatedUsers: integerOption('users', options.users) ?? 10_000,
    quiet: options.quiet ?? false,
  };
  // What can be refused without the packages is refused before they are loaded.
  if (study === 'compute') {
    const grid = {
      widths: numberListOption('widths', options.widths, [32, 64]),
      depths: numberListOption('depths', options.depths, [2, 4]),
      lengths: numberListOption('lengths', options.lengths, [50, 200]),
      levels: integerOption('levels', options.levels) ?? 5,
      budget: durationOption('budget', options.budget) ?? 6000,
      flops: flopsOption(options.flops),
    };
    const encoders = await encodersOf(options);
    const { scaleCompute } = await import('../studies/scale/compute.ts');
    return scaleCompute({ ...common, ...grid, encoders });
  }
  if (study === 'staleness') return staleness(common, options);
  const shape = { width: single('widths', options.widths, 64), depth: single('depths', options.depths, 2) };
  if (study === 'length') {
    const { out, save, backend, quiet } = common;
    const settings = {
      lengths: numberListOption('lengths', options.lengths, [128, 256, 512, 1024, 2048]),
      batch: integerOption('batch', options.batch) ?? 8,
      repeats: integerOption('repeats', options.repeats) ?? 5,
      items: 10_000,
      numNegatives: 128,
    };
    const encoders = await encodersOf(options);
    const { scaleLength } = await import('../studies/scale/length.ts');
    return scaleLength({ ...settings, ...shape, encoders, out, save, backend, quiet });
  }
  const steps = integerOption('steps', options.steps) ?? 1000;
  const counts = options.counts === undefined ? undefined : numberListOption('counts', options.counts, []);
  const lengths = numberListOption('lengths', options.lengths, [50, 100, 200, 500]);
  const window = integerOption('window', options.window);
  const policies = [...new Set((textOption('policies', options.policies) ?? '').split(','))];
  // Each encoder of a history study is several lines.
  const encoders = study === 'history' && options.encoders === undefined ? ['hstu'] : await encodersOf(options);
  const { scaleData, scaleHistory } = await import('../studies/scale/factor.ts');
  const factor = { ...common, ...shape, steps, encoders };
  return study === 'data' ? scaleData({ ...factor, counts }) : scaleHistory({ ...factor, lengths, window, policies });
}

/** What all studies share. */
type Common = Pick<StalenessOptions, 'recipe' | 'overrides' | 'dataFolder' | 'out' | 'save' | 'backend' | 'quiet'>;

async function staleness(common: Common, options: Options): Action {
  const settings = {
    encoder: textOption('encoders', options.encoders) ?? 'hstu',
    width: single('widths', options.widths, 32),
    depth: single('depths', options.depths, 1),
    window: integerOption('window', options.window) ?? 20,
    ages: numberListOption('ages', options.ages, [], 0),
    ...(options.hours !== undefined && {
      hours: options.hours === 'none' ? [] : numberListOption('hours', options.hours, [], 0),
    }),
    seeds: numberListOption('seeds', options.seeds, []),
    epochs: integerOption('epochs', options.epochs),
  };
  const encoders = await encodersOf({ encoders: settings.encoder });
  if (encoders.length > 1)
    throw new UsageError(`--encoders: expected one for scale staleness; got ${settings.encoder}`);
  const { scaleStaleness } = await import('../studies/staleness/staleness.ts');
  return scaleStaleness({ ...common, ...settings });
}

function objectivesOf(value: unknown): 'own' | 'shared' {
  if (value === 'own' || value === 'shared') return value;
  throw new UsageError(`--objectives: expected own or shared; got ${JSON.stringify(value)}`);
}

async function encodersOf(options: Options): Promise<readonly string[]> {
  const { encoderList } = await import('../studies/scale/base.ts');
  return encoderList(options.encoders);
}

/** Studies that do not vary the shape take one. */
function single(name: string, value: unknown, fallback: number): number {
  const list = numberListOption(name, value, [fallback]);
  if (list.length > 1) throw new UsageError(`--${name}: expected one number for this study; got ${list.join(',')}`);
  return list[0];
}

function flopsOption(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const flops = Number(textOption('flops', value));
  if (!(flops > 0 && Number.isFinite(flops)))
    throw new UsageError(`--flops: expected a positive number such as 4e12; got ${JSON.stringify(value)}`);
  return flops;
}
