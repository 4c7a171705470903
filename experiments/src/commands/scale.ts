import type { CAC } from 'cac';
import { durationOption, integerOption, numberListOption, textOption } from '../arguments.ts';
import { UsageError } from '../errors.ts';
import type { Action, Invocation } from '../main.ts';
import { suggestion } from '../suggest.ts';
import type { BackendOptions } from '../training/backend.ts';

interface Options extends BackendOptions {
  readonly recipe?: unknown;
  readonly encoders?: unknown;
  readonly widths?: unknown;
  readonly depths?: unknown;
  readonly lengths?: unknown;
  readonly levels?: unknown;
  readonly budget?: unknown;
  readonly flops?: unknown;
  readonly users?: unknown;
  readonly data?: unknown;
  readonly out?: unknown;
  readonly quiet?: boolean;
}

const studies = ['compute'];

export function registerScale(cli: CAC, invocation: Invocation): void {
  cli
    .command('scale [study]', 'Scaling studies with plots: `compute`; a killed one goes on with the same command', {
      allowUnknownOptions: true,
    })
    .usage('scale compute [options] [--section.key VALUE ...]')
    .option('--recipe <name>', 'Recipe that gives data, objective, optimiser, batch and seed', {
      default: 'ml-1m/hstu',
    })
    .option('--encoders <names>', 'Encoders, with commas (default: all)')
    .option('--widths <list>', 'Model widths (default: 32,64)')
    .option('--depths <list>', 'Numbers of blocks (default: 2,4)')
    .option('--lengths <list>', 'Histories in events (default: 50,200)')
    .option('--levels <n>', 'Levels of compute, each twice the one before', { default: 5 })
    .option('--budget <time>', 'Time that the study may take, such as 30m or 2h', { default: '100m' })
    .option('--flops <n>', 'Largest level of compute itself, such as 4e12, instead of a budget')
    .option('--users <n>', 'Most users that a measurement looks at', { default: 10_000 })
    .option('--data <dir>', 'Folder of the data sets (default: $SEQREC_DATA, else ./data)')
    .option('--out <dir>', 'Folder of the study (default: runs/scale-STUDY-DATA)')
    .option('--backend <name>', 'auto, simd, cpu, wasm, webgpu or tensorflow', { default: 'auto' })
    .option('--threads <n>', 'Threads of the simd backend')
    .option('--quiet', 'No progress')
    .example('  $ seqrec scale compute --budget 30m')
    .example('  $ seqrec scale compute --recipe ml-100k/hstu --encoders hstu,sasrec --widths 16,32 --depths 1,2')
    .action((study: string | undefined, options: Options) => run(study, options, invocation));
}

async function run(study: string | undefined, options: Options, invocation: Invocation): Action {
  if (study === undefined || !studies.includes(study))
    throw new UsageError(
      `seqrec scale: expected a study, one of ${studies.join(', ')}; got ${study === undefined ? 'nothing' : `"${study}"`}`,
      study === undefined ? undefined : suggestion(study, studies),
    );
  const common = {
    recipe: textOption('recipe', options.recipe) ?? 'ml-1m/hstu',
    overrides: invocation.overrides,
    dataFolder: textOption('data', options.data),
    out: textOption('out', options.out),
    backend: options,
    evaluatedUsers: integerOption('users', options.users) ?? 10_000,
    quiet: options.quiet ?? false,
  };
  const grid = {
    widths: numberListOption('widths', options.widths, [32, 64]),
    depths: numberListOption('depths', options.depths, [2, 4]),
    lengths: numberListOption('lengths', options.lengths, [50, 200]),
    levels: integerOption('levels', options.levels) ?? 5,
    budget: durationOption('budget', options.budget) ?? 6000,
    flops: flopsOption(options.flops),
  };
  // What can be refused without the packages is refused above.
  const { encoderList } = await import('../scale/base.ts');
  const { scaleCompute } = await import('../scale/compute.ts');
  return scaleCompute({ ...common, ...grid, encoders: encoderList(options.encoders) });
}

function flopsOption(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const flops = Number(textOption('flops', value));
  if (!(flops > 0 && Number.isFinite(flops)))
    throw new UsageError(`--flops: expected a positive number such as 4e12; got ${JSON.stringify(value)}`);
  return flops;
}
